import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { either, rose, withAlarm } from '../alarm.ts'
import type { Bed, BedOptions } from '../bed.ts'
import { type Fault, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { BY_HAND } from './chain-life.ts'

/** As for real money: what is final is never taken back by itself. */
const FINALITY_DEPTH = 8
const PRODUCTION: BedOptions = {
  minedByHand: true,
  finalityDepth: FINALITY_DEPTH,
  env: { NODE_ENV: 'production' },
}
const WAIT_MS_MAX = 20_000
/** On a busy machine the ledger needs its time to read what was mined while its workers were started anew. */
const CATCH_UP_MS_MAX = 60_000
/** Blocks that may not be final yet where the ledger keeps up: those that never are, and a few that it is about to read. */
const NOT_FINAL_MAX = FINALITY_DEPTH + 12
/** Jobs that began before the halt may still end, and tell of it. */
const UNDER_WAY_MS = 2_000
const POLL_MS = 50

interface Cursor {
  number: number
  hash: string
  final: number
}

async function cursorOf({ postgres, chain }: Bed): Promise<Cursor> {
  const [row] = await postgres.sql<{ block_number: string; block_hash: string; final_number: string }>(
    'SELECT block_number, block_hash, final_number FROM chain_cursor WHERE chain_id = $1',
    [chain.chainId],
  )
  if (row === undefined) throw new Error('the ledger follows the chain')
  return { number: Number(row.block_number), hash: row.block_hash, final: Number(row.final_number) }
}

async function headOf({ chain }: Bed): Promise<number> {
  return Number(await chain.rpc('eth_blockNumber'))
}

/** Where it is too late for a re-org: contracts, roles and the gas of relayers come from outside and would not come again. */
async function floorOf({ postgres }: Bed): Promise<number> {
  const [row] = await postgres.sql<{ newest: string }>(
    `SELECT coalesce(max(block_number), 0) AS newest FROM chain_submission WHERE kind <> 'transfer_batch'`,
  )
  return Number(row?.newest ?? 0)
}

/** Whether `isTrue` came true in time. */
async function comesTrue(isTrue: () => Promise<boolean>, withinMs = WAIT_MS_MAX): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (performance.now() < deadline) {
    if (await isTrue()) return true
    await sleep(POLL_MS)
  }
  return false
}

/** How often a block that the ledger had was not the chain's any more: then it must say so. */
const orphaned = new WeakMap<Scene, number>()
const hasOrphaned = (scene: Scene) => (orphaned.get(scene) ?? 0) > 0

/**
 * Takes back the newest blocks; what they held is in no pool any more. Somebody else mines from then on, so that no empty block is
 * replaced by itself.
 * @param how `anvil_reorg` puts other blocks there, `anvil_rollback` none.
 */
async function takeBack(
  { chain }: Bed,
  depth: number,
  how: 'anvil_reorg' | 'anvil_rollback' = 'anvil_reorg',
): Promise<void> {
  await chain.rpc('anvil_setCoinbase', [`0x${randomBytes(20).toString('hex')}`])
  await chain.rpc(how, how === 'anvil_reorg' ? [depth, []] : [depth])
}

/** Takes back `depth` blocks that hold nothing which would not come again. */
async function orphan(
  bed: Bed,
  scene: Scene,
  depth: number,
  how: 'anvil_reorg' | 'anvil_rollback',
): Promise<void> {
  await comesTrue(async () => (await headOf(bed)) > (await floorOf(bed)) + depth)
  const isOther = await bed.chain.betweenBlocks(async () => {
    const { number } = await cursorOf(bed)
    const before = await hashAt(bed, number)
    await takeBack(bed, depth, how)
    return before !== null && (await hashAt(bed, number)) !== before
  })
  if (isOther) orphaned.set(scene, (orphaned.get(scene) ?? 0) + 1)
}

/** null: there is no such block. */
async function hashAt({ chain }: Bed, number: number): Promise<string | null> {
  // As the Ethereum JSON-RPC specifies it.
  const block = (await chain.rpc('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])) as {
    hash: string
  } | null
  return block?.hash ?? null
}

/** Whether what would be taken back holds no contracts, and is no more than an operator may accept. */
async function mayLoseFinal(bed: Bed, beyond: number): Promise<boolean> {
  const { final } = await cursorOf(bed)
  return final - beyond > (await floorOf(bed)) && (await headOf(bed)) - final <= NOT_FINAL_MAX
}

/**
 * Orphans what the ledger takes for final, and `beyond` blocks below it: how deep that is depends on how far behind the
 * ledger is.
 * @returns how deep the last re-org was.
 */
async function orphanFinal(bed: Bed, scene: Scene, beyond: number): Promise<number> {
  let depth = 0
  const isOther = await comesTrue(async () =>
    bed.chain.betweenBlocks(async () => {
      const { final } = await cursorOf(bed)
      const before = await hashAt(bed, final)
      depth = (await headOf(bed)) - final + beyond
      await takeBack(bed, depth)
      return before !== null && (await hashAt(bed, final)) !== before
    }),
  )
  if (isOther) orphaned.set(scene, (orphaned.get(scene) ?? 0) + 1)
  return depth
}

const REORGS_FULL = 16

export const reorganised = withAlarm(
  {
    id: 'F13',
    name: 're-orgs of 1 to 8 blocks while the chain is read, and what they held is in no pool',
    drainedWithinS: 30,
    bed: PRODUCTION,
    async inject(bed, random, scene) {
      const times = scene.isFullLength ? REORGS_FULL : random.between(1, 2)
      // The try before may have left the chain shorter than what the ledger has read.
      let highest = (await cursorOf(bed)).number
      for (let time = 0; time < times; time += 1) {
        const depth = scene.isFullLength ? (time % FINALITY_DEPTH) + 1 : random.between(1, FINALITY_DEPTH)
        await sleep(random.between(100, 800))
        // From a chain that is still shorter than it was, these would be more blocks than the ledger counts.
        await comesTrue(async () => (await headOf(bed)) >= highest)
        highest = await headOf(bed)
        await orphan(
          bed,
          scene,
          depth,
          random.pick(['anvil_reorg', 'anvil_reorg', 'anvil_rollback'] as const),
        )
      }
    },
    async heal() {},
  },
  { ...rose('ost_ledger_reorged_blocks_total'), isDue: hasOrphaned },
)

/** A node of a sandbox that starts with an older state: the rows are ahead of the chain by what was lost. */
export const chainOlder = withAlarm(
  {
    id: 'F5',
    name: 'the chain goes back by up to 40 blocks: nonces in the rows are ahead of it',
    drainedWithinS: 30,
    bed: BY_HAND,
    async inject(bed, random, scene) {
      await orphan(bed, scene, random.between(3, scene.isFullLength ? 40 : 15), 'anvil_rollback')
      await sleep(random.between(200, 1_000))
    },
    async heal() {},
  },
  {
    ...either(rose('ost_lane_nonce_gaps_total'), rose('ost_ledger_reorged_blocks_total')),
    isDue: hasOrphaned,
  },
)

const findings = new WeakMap<Scene, Finding[]>()

/** Deeper than finality: it stops, says so, and goes on when the operator has done what the runbook says. */
export const reorganisedBeyondFinal: Fault = withAlarm(
  {
    id: 'F13-beyond',
    name: 'a re-org deeper than finality: everything stops until the operator accepts it',
    drainedWithinS: 60,
    isAlone: true,
    bed: PRODUCTION,
    async inject(bed, random, scene) {
      const beyond = random.between(4, 12)
      if (!(await comesTrue(async () => mayLoseFinal(bed, beyond), CATCH_UP_MS_MAX)))
        throw new Error('the ledger is too far behind the chain for a re-org that it could be brought over')
      const depth = await orphanFinal(bed, scene, beyond)
      const whats: string[] = []
      if (await comesTrue(async () => isHalted(bed))) {
        await sleep(UNDER_WAY_MS)
        const before = await ends(bed)
        await sleep(random.between(300, 1_500))
        const after = await ends(bed)
        if (before !== after) whats.push(`something settled or ended while the chain was halted`)
      } else {
        whats.push(`a re-org of ${depth} blocks did not halt the chain`)
      }
      findings.set(
        scene,
        whats.map((what) => ({ verdict: 'V3', kind: 'mismatch', what })),
      )
    },
    /** docs/runbook.md, ChainHalted: a re-org that has been judged and accepted. */
    async heal(bed) {
      await Promise.all(bed.workers.map((worker) => worker.stop()))
      await Promise.all(bed.workers.map((worker) => worker.start({ NODE_ENV: 'development' })))
      await bed.postgres.sql(`UPDATE chain SET status = 'active', halt_reason = NULL WHERE id = $1`, [
        bed.chain.chainId,
      ])
      await comesTrue(async () => isOnChain(bed))
      await Promise.all(bed.workers.map((worker) => worker.stop()))
      await Promise.all(bed.workers.map((worker) => worker.start()))
    },
    check: (scene) => findings.get(scene) ?? [],
  },
  rose('ost_chain_halts_total'),
)

async function isHalted({ postgres, chain }: Bed): Promise<boolean> {
  const [row] = await postgres.sql<{ status: string }>('SELECT status FROM chain WHERE id = $1', [
    chain.chainId,
  ])
  return row?.status === 'halted'
}

/** What must not move while a chain is halted. */
async function ends({ postgres }: Bed): Promise<string> {
  const [row] = await postgres.sql<{ ends: string }>(
    `SELECT concat_ws('/', (SELECT count(*) FROM transaction_state WHERE status IN ('mined', 'confirmed', 'failed') AND submission_id IS NOT NULL),
       (SELECT count(*) FROM entry), (SELECT count(*) FROM submission_attempt)) AS ends`,
  )
  return row?.ends ?? ''
}

async function isOnChain(bed: Bed): Promise<boolean> {
  const { number, hash } = await cursorOf(bed)
  return (await hashAt(bed, number)) === hash
}
