import { reconcileEconomy } from '#core/ledger/reconcile-economy.ts'
import { SINGLETON } from '#core/outbox/job-dispatcher.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { act, mine, send, work } from './act.ts'
import { expect, type Promises } from './promises.ts'
import { CHAIN_ID, type World } from './world.ts'

/** Rounds of seconds until everything must have ended. */
const ROUNDS_MAX = 80
const ROUND_MS = 4_000

const CALM = { salt: 1, failAt: [], isTwice: false }

/** Heals every fault, and lets the sweeper alone find what is left to do, until nothing is. @throws BrokenPromise */
export async function settleDown(world: World, promises: Promises): Promise<void> {
  await heal(world, promises)
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    world.nowMs += ROUND_MS
    const worker = world.worker(0)
    await world.together([() => Promise.race([worker.process.death, worker.sweep()])], round)
    const jobs = [...world.jobs.values(), { name: 'follow-chain' as const, id: String(CHAIN_ID) }]
    world.jobs.clear()
    for (const job of jobs) await work(world, [job], { ...CALM, salt: round })
    mine(world, 2)
    if (isQuiet(world)) return expectReconciled(world)
  }
  expect(false, 'V5', `after ${ROUNDS_MAX} rounds without faults ${describeLeft(world)}`)
}

async function heal(world: World, promises: Promises): Promise<void> {
  const { node, chain } = world
  node.fates.length = 0
  node.wei.clear()
  chain.lag = 0
  await act(world, promises, { type: 'fee', gwei: 1, refusesCheap: false })
  for (const economy of world.economies.keys()) {
    await act(world, promises, { type: 'pause', economy, isPaused: false, where: 'chain' })
    await act(world, promises, { type: 'pause', economy, isPaused: false, where: 'platform' })
  }
  for (const lane of world.laneIds.keys()) await act(world, promises, { type: 'lane', lane, isPaused: false })
  world.skews.length = 0
  for (const process of world.processes) process.die()
  await work(world, [{ name: 'reseal-keys', id: SINGLETON }], CALM)
  // One after the other: two of the same key at once would send one of them away.
  for (const request of promises.unanswered()) await send(world, promises, [request], CALM)
}

function isQuiet({ tables }: World): boolean {
  const ended = ['confirmed', 'reverted', 'replaced']
  return (
    [...tables.transactions.committed.values()].every(
      ({ status }) => status === 'confirmed' || status === 'failed',
    ) &&
    [...tables.submissions.committed.values()].every(({ status }) => ended.includes(status)) &&
    [...tables.lanes.committed.values()].every(({ status }) => status === 'active')
  )
}

async function expectReconciled(world: World): Promise<void> {
  const { process, ports } = world.worker(0)
  const deps = {
    reconciliations: ports.reconciliations,
    compareBacking: async () => [],
    blockReaders: { get: () => world.chain },
    ids: world.ids,
    observer: silentObserver,
  }
  for (const { id } of world.economies) {
    let differences: unknown = null
    await world.together(
      [
        () =>
          Promise.race([
            process.death,
            reconcileEconomy(deps, id).then((result) => {
              differences = result?.differences
            }),
          ]),
      ],
      1,
    )
    expect(
      Array.isArray(differences) && differences.length === 0,
      'V3',
      `reconciliation: ${JSON.stringify(differences)}`,
    )
  }
}

function describeLeft({ tables }: World): string {
  const transactions = [...tables.transactions.committed.values()].filter(
    ({ status }) => status !== 'confirmed' && status !== 'failed',
  )
  const submissions = [...tables.submissions.committed.values()].filter(
    ({ status }) => !['confirmed', 'reverted', 'replaced'].includes(status),
  )
  const lanes = [...tables.lanes.committed.values()].filter(({ status }) => status === 'paused')
  return [
    ...transactions.map(({ id, status }) => `transaction ${id} is ${status}`),
    ...submissions.map(
      ({ id, status, nonce, laneId }) =>
        `submission ${id} of ${laneId} with nonce ${nonce ?? 'none'} is ${status}`,
    ),
    ...lanes.map(({ id, pauseReason }) => `lane ${id} is paused: ${pauseReason ?? ''}`),
  ].join('; ')
}
