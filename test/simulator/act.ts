import type { Job } from '#core/outbox/job-dispatcher.ts'
import { SINGLETON } from '#core/outbox/job-dispatcher.ts'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import { KeyUnreadable } from '#core/chain/key-vault.ts'
import { fingerprintOf } from '#core/idempotency/fingerprint.ts'
import { IdempotencyKeyInProgress } from '#core/idempotency/errors.ts'
import { BlockVanished } from '#core/ledger/errors.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import type { Action, Faults, ItemPlan, JobPlan } from './actions.ts'
import type { SimulatedEconomy } from './economy.ts'
import { judgeFunds } from './judge.ts'
import { type Item, type Promises, type Request } from './promises.ts'
import { versionOf } from './lane-keys.ts'
import { InjectedFailure } from './scheduler.ts'
import { APIS, CHAIN_ID, FINALITY_DEPTH, WORKERS, type World } from './world.ts'

const GWEI = 1_000_000_000n
const BLOCK_MS = 1_000
/** Jobs taken from the doorbell by one action. */
const JOBS_MAX = 4

/** Makes one action happen, and waits until everything that it started has ended or died. */
export async function act(world: World, promises: Promises, action: Action): Promise<void> {
  const { node, chain } = world
  switch (action.type) {
    case 'accept': {
      const requests = action.requests.map((plan) => {
        const known =
          plan.repeats === null ? undefined : promises.requests[plan.repeats % promises.requests.length]
        if (known && !plan.isOther) return known
        const economy = action.isHot ? 0 : plan.economy
        const items = action.isHot ? plan.items.map((item) => ({ ...item, from: 0 })) : plan.items
        return newRequest(world, promises, economy, items, known)
      })
      return send(world, promises, requests, action)
    }
    case 'retry':
      return send(
        world,
        promises,
        [...promises.unanswered(), ...promises.requests.slice(0, action.others)],
        action,
      )
    case 'work':
      return work(
        world,
        action.jobs.flatMap((plan) => jobsOf(world, plan)),
        action,
      )
    case 'answers':
      node.fates.push(...action.fates)
      return
    case 'drop':
      return node.drop(isIn(action.mask))
    case 'mine':
      return mine(world, action.blocks, action.limit)
    case 'reorg': {
      // The chain keeps its promise: what ever had the depth of finality on top is never taken back.
      const floor = chain.highest - FINALITY_DEPTH
      const depth = Math.min(action.depth, chain.head.number - Math.max(floor, 1))
      const left = chain.head
      if (depth > 0) node.reorg(depth, action.blocks, action.limit, isIn(action.mask))
      if (depth > 0) world.tips.push(left)
      return
    }
    case 'return': {
      const tip = world.tips.pop()
      const floor = Math.max(0, chain.highest - FINALITY_DEPTH)
      if (tip && chain.isOnBranch(tip.hash, floor)) node.switchTo(tip.hash)
      return
    }
    case 'beat': {
      const worker = world.worker(1)
      const sweep = () => Promise.race([worker.process.death, worker.sweep().catch(expected)])
      await world.together([sweep], action.salt)
      const jobs = jobsOf(world, { name: 'doorbell', at: 0 })
      await work(world, [...jobs, { name: 'follow-chain', id: String(CHAIN_ID) }], {
        ...action,
        isTwice: false,
      })
      return mine(world, 1, action.limit)
    }
    case 'fee':
      node.baseFeePerGas = BigInt(action.gwei) * GWEI
      node.refusesCheap = action.refusesCheap
      return
    case 'foreign':
      return useKey(world, action.lane, action.ahead)
    case 'clock':
      world.nowMs += action.ms
      return
    case 'skew':
      world.skews[action.process % (WORKERS + APIS)] = action.ms
      return
    case 'pause':
      return pause(world, economyAt(world, action.economy), action)
    case 'lane':
      return pauseLane(world, action.lane, action.isPaused)
    case 'rotate':
      return rotate(world, action)
    case 'gas':
      node.wei.set(world.laneAddress(action.lane), action.isEmpty ? 1n : 10n ** 24n)
      return
    case 'rules': {
      const { tokenRules, users } = economyAt(world, action.economy)
      const { selfCustodied } = chain.rulesOf(tokenRules)
      const opened = action.user === null ? [] : [users[action.user % users.length]?.address ?? '']
      const change = { perPayment: action.perPayment, selfCustodied: [...selfCustodied, ...opened] }
      node.strangers.push({ hash: hashOf(world), kind: 'rules', tokenRules, change })
      return
    }
    case 'stranger':
      return transferAsStranger(world, action)
    case 'grant':
      return grant(world, economyAt(world, action.economy))
    case 'kill':
      world.processes[action.process % (WORKERS + APIS)]?.die()
      return
    case 'flush':
      world.jobs.clear()
      return
    case 'lag':
      chain.lag = action.blocks
      return
    case 'luck':
      node.skipPercent = action.skipPercent
      node.revertPercent = action.revertPercent
      return
  }
}

export function mine(world: World, blocks: number, limit?: number): void {
  for (let count = 0; count < blocks; count += 1) {
    world.node.mine(limit)
    world.nowMs += BLOCK_MS
  }
}

/** Runs jobs side by side, spread over the workers; `isTwice`: each on all of them at once. */
export async function work(
  world: World,
  jobs: readonly Job[],
  how: Faults & { isTwice: boolean },
): Promise<void> {
  const places = how.isTwice ? [0, 1] : [0]
  const workers = Array.from({ length: WORKERS }, (_, index) => world.worker(index))
  workers[0]?.process.plan(how)
  const tasks = jobs.flatMap((job, index) =>
    places.map((place) => async () => {
      const worker = workers[(index + place) % WORKERS]
      if (!worker) return
      await Promise.race([worker.process.death, worker.run(job).catch(expected)])
    }),
  )
  await world.together(tasks, how.salt)
  for (const { process } of workers) process.plan({})
}

/** Sends requests side by side, each to one of the APIs, which may share them or die of them. */
export async function send(
  world: World,
  promises: Promises,
  requests: readonly Request[],
  how: Faults,
): Promise<void> {
  const apis = Array.from({ length: APIS }, (_, index) => world.api(index))
  const before = new Map(world.tables.accounts.committed)
  apis[0]?.process.plan(how)
  const broken: unknown[] = []
  const tasks = requests.map((request, index) => async () => {
    const api = apis[(index + how.salt) % APIS]
    if (!api) return
    const { economy, key, fingerprint, items } = request
    const answer = api.acceptor.submit({
      tenantId: economy.tenantId,
      economyId: economy.id,
      items: items.map(({ execute }) => execute),
      idempotency: { key, fingerprint },
      dryRun: false,
    })
    const result = await Promise.race([api.process.death, answer.catch(expected)])
    if (!result) return
    try {
      promises.answered(request, result)
    } catch (error) {
      broken.push(error)
    }
  })
  await world.together(tasks, how.salt)
  for (const { process } of apis) process.plan({})
  if (broken.length > 0) throw broken[0]
  judgeFunds(world, before)
}

/** What may go wrong without anybody being to blame: the job runs again, the caller asks again. */
function expected(error: unknown): void {
  const kinds = [InjectedFailure, ChainUnavailable, KeyUnreadable, BlockVanished, IdempotencyKeyInProgress]
  if (!kinds.some((kind) => error instanceof kind)) throw error
}

function newRequest(
  world: World,
  promises: Promises,
  economyIndex: number,
  plans: readonly ItemPlan[],
  sameKeyAs: Request | undefined,
): Request {
  const economy = sameKeyAs?.economy ?? economyAt(world, economyIndex)
  const serial = promises.requests.reduce((count, { items }) => count + items.length, 0)
  const items = plans.map((plan, index) => toItem(economy, plan, serial + index))
  const body = items.map(({ execute }) => execute)
  const request = {
    economy,
    key: sameKeyAs?.key ?? `key-${promises.requests.length}`,
    fingerprint: fingerprintOf('POST', '/v3/transactions', { body }),
    items,
  }
  promises.sent(request)
  return request
}

/** Base units that no other item and no commission ever has: the serial stands in the lower digits. */
function toItem(economy: SimulatedEconomy, plan: ItemPlan, serial: number): Item {
  const amount = BigInt(plan.millions) * 1_000_000n + BigInt(serial + 1) * 100n
  const { company, users } = economy
  const user = users[plan.from % users.length] ?? company
  const other = users[(plan.from + plan.step) % users.length] ?? company
  const parties = {
    tip: [user, other],
    reward: [company, user],
    purchase: [user, company],
  } as const
  const [payer, recipient] = parties[plan.kind]
  return {
    payer: payer.id,
    recipient: recipient.id,
    amount,
    execute: {
      type: { name: plan.kind },
      fromUserId: payer.id,
      toUserId: recipient.id,
      amount: amount.toString(),
      commission: null,
      metadata: {},
    },
  }
}

function jobsOf(world: World, { name, at }: JobPlan): Job[] {
  const laneId = world.laneIds[at % world.laneIds.length] ?? ''
  switch (name) {
    case 'doorbell': {
      const taken = [...world.jobs].slice(0, JOBS_MAX)
      for (const [key] of taken) world.jobs.delete(key)
      return taken.map(([, job]) => job)
    }
    case 'submit-lane':
    case 'rebroadcast-lane':
      return [{ name, id: laneId }]
    case 'follow-chain':
      return [{ name, id: String(CHAIN_ID) }]
    case 'relay-outbox':
      return [{ name, id: SINGLETON }]
    case 'reconcile-economy':
      return [{ name, id: economyAt(world, at).id }]
  }
}

/** Another holder of the relayer's key sends with its next nonce, or with one that may be ours already. */
function useKey(world: World, lane: number, ahead: number): void {
  const { node, chain, foreign } = world
  const address = world.laneAddress(lane)
  const nonce = chain.countOf(address) + ahead
  node.useKey(address, nonce, hashOf(world))
  const nonces = foreign.get(address) ?? new Set()
  foreign.set(address, nonces.add(nonce))
}

function pause(
  world: World,
  economy: SimulatedEconomy,
  { isPaused, where }: { isPaused: boolean; where: 'chain' | 'platform' },
): void {
  if (where === 'chain') {
    world.node.strangers.push({
      hash: hashOf(world),
      kind: 'rules',
      tokenRules: economy.tokenRules,
      change: { isPaused },
    })
    return
  }
  const { economies, database } = world.tables
  const tx = database.begin()
  const row = tx.get(economies, economy.id)
  const status = isPaused ? 'paused' : 'active'
  if (row) tx.put(economies, row.id, { ...row, status, configVersion: row.configVersion + 1 })
  tx.commit()
}

function pauseLane(world: World, lane: number, isPaused: boolean): void {
  const { lanes, database } = world.tables
  const tx = database.begin()
  const pauseReason = isPaused ? 'operator' : null
  const status = isPaused ? 'paused' : 'active'
  tx.change(
    lanes,
    world.laneIds[lane % world.laneIds.length] ?? '',
    { status, pauseReason },
    (row) => row.status !== status && (isPaused || row.pauseReason === 'operator'),
  )
  tx.commit()
}

/** A new key-encryption key, once all is under the last one; some processes start with it, and one seals what it can anew. */
async function rotate(world: World, action: Faults & { restarts: number }): Promise<void> {
  const lanes = [...world.tables.lanes.committed.values()]
  if (lanes.every(({ keyJwe }) => versionOf(keyJwe) === world.masterKey)) world.masterKey += 1
  for (const [index, process] of world.processes.entries()) if (isIn(action.restarts)(index)) process.die()
  await work(world, [{ name: 'reseal-keys', id: SINGLETON }], { ...action, isTwice: true })
}

function transferAsStranger(
  world: World,
  { economy: at, from, to, amount }: { economy: number; from: number; to: number; amount: number },
): void {
  const { token, users } = economyAt(world, at)
  const parties = [...users.map(({ address }) => address), `0x${'e'.repeat(40)}`, ISSUANCE_ADDRESS]
  const [sender, recipient] = [parties[from % parties.length] ?? '', parties[to % parties.length] ?? '']
  world.node.strangers.push({
    hash: hashOf(world),
    kind: 'transfer',
    token,
    from: sender,
    to: recipient,
    amount: BigInt(amount),
  })
}

/** An administrative call: the faucet mints to the company. */
function grant(world: World, economy: SimulatedEconomy): void {
  const amount = 7_000_000_000_000n + BigInt(world.grants.length + 1)
  const { submissions, database } = world.tables
  const id = world.ids.next()
  const tx = database.begin()
  tx.put(submissions, id, {
    id,
    chainId: CHAIN_ID,
    laneId: economy.laneId,
    economyId: economy.id,
    tenantId: economy.tenantId,
    kind: 'faucet_grant',
    call: {
      to: `0x${'f'.repeat(40)}`,
      data: Buffer.from(`${economy.token}:${economy.company.address}:${amount}`),
      gasLimit: 300_000n,
    },
    nonce: null,
    status: 'queued',
    transactionIds: [],
    blockNumber: null,
    blockHash: null,
    txHash: null,
    gasUsed: null,
    effectiveGasPrice: null,
    revertReason: null,
    signedAt: null,
  })
  tx.commit()
  world.grants.push({ economy, amount })
}

export function economyAt(world: World, index: number): SimulatedEconomy {
  const economy = world.economies[index % world.economies.length]
  if (!economy) throw new Error('there are economies')
  return economy
}

function isIn(mask: number): (index: number) => boolean {
  return (index) => ((mask >> (index % 16)) & 1) === 1
}

function hashOf(world: World): string {
  return `0x${world.ids.next().replaceAll('-', '').padStart(64, '0')}`
}
