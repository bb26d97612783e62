import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Random } from '#scripts/simulate/random.ts'
import { type Bed, startBed } from './bed.ts'
import { drain } from './drain.ts'
import type { Finding } from './finding.ts'
import { judge } from './judge.ts'
import { untilPaymentsFlow } from './life.ts'
import { startLoad } from './load.ts'
import { takeSnapshot } from './snapshot.ts'
import { openStage, payOne, type Stage } from './stage.ts'
import type { Intent } from './story.ts'

/** A test that cannot fail proves nothing: here each verdict is shown what a bug leaves behind, on a real platform. */

const DRAINED_WITHIN_S = 30
const LOAD_MS = 1_000
/** What a bug may leave in; they are put back as they were after each test. */
const TABLES = [
  'transaction',
  'queued_transaction',
  'wallet',
  'account',
  'entry',
  'chain_submission',
  'outbox_record',
  'outbox_cursor',
  'idempotency_record',
]

/** Of each table, the columns that a statement may write. */
const columns = new Map<string, string>()
let bed: Bed
let stage: Stage

beforeAll(async () => {
  bed = await startBed()
  stage = await openStage(bed)
  const load = startLoad(stage, new Random('judge'), 'judge')
  await sleep(LOAD_MS)
  // However little a busy machine gets done in that time.
  while (refusedOnes().length === 0 || pairs().length === 0) await sleep(100)
  await load.stop()
  await drain(stage, performance.now(), DRAINED_WITHIN_S)
  // From here on nobody repairs anything: what is planted stays.
  await Promise.all(bed.workers.map((worker) => worker.stop()))
  for (const table of TABLES) {
    await bed.postgres.sql(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)
    columns.set(table, await writtenColumns(table))
  }
  await bed.postgres.sql('CREATE TABLE kept_state AS SELECT economy_id, id, status FROM transaction_state')
}, 120_000)
afterAll(async () => {
  await stage.close()
  await bed.close()
})

let intents: number
beforeEach(() => {
  intents = stage.story.intents.length
})
afterEach(async () => {
  stage.story.intents.splice(intents)
  await plant(
    ...TABLES.map((table) => {
      const names = columns.get(table)
      return `DELETE FROM ${table}; INSERT INTO ${table} (${names}) SELECT ${names} FROM kept_${table}`
    }),
  )
})

function ownIntents(): Intent[] {
  return stage.story.intents.filter(({ economyId }) => economyId === stage.players[0].economyId)
}

function refusedOnes(): Intent[] {
  return ownIntents().filter(({ answer }) => answer && 'refused' in answer)
}

/** Accepted payments with a commission. */
function pairs(): Intent[] {
  return ownIntents().filter(({ legs, answer }) => legs.length === 2 && answer && 'transactionId' in answer)
}

async function writtenColumns(table: string): Promise<string> {
  const rows = await bed.postgres.sql<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER'`,
    [table],
  )
  return rows.map(({ name }) => name).join(', ')
}

/** Changes rows as a bug in our own code would: past every trigger and key that might have stopped somebody else. */
async function plant(...statements: string[]): Promise<void> {
  const [{ economyId }, neighbour] = stage.players
  const text = statements
    .join(';\n')
    .replaceAll(':economy', `'${economyId}'`)
    .replaceAll(':neighbour', `'${neighbour.economyId}'`)
  await bed.postgres.sql(`BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`)
}

async function verdicts(drainedS: number | null = 0): Promise<Finding[]> {
  return judge(await takeSnapshot(stage, { drainedS, drainedWithinS: DRAINED_WITHIN_S }))
}

/** Some transaction of the load in this state. */
const ONE = (status: string) =>
  `(SELECT id FROM kept_state WHERE economy_id = :economy AND status = '${status}' ORDER BY id LIMIT 1)`

function found(verdict: Finding['verdict'], kind: Finding['kind'], what: RegExp): Finding {
  return { verdict, kind, what: expect.stringMatching(what) as string }
}

describe('a platform without a bug', () => {
  it('passes every verdict, with payments of every kind', async () => {
    expect(await verdicts()).toEqual([])
    expect(refusedOnes().length).toBeGreaterThan(0)
    expect(pairs().length).toBeGreaterThan(0)
  })
})

describe('V1 paid once', () => {
  it('sees an acceptance that was answered and not kept', async () => {
    await plant(`DELETE FROM transaction WHERE id = ${ONE('confirmed')}`)
    expect(await verdicts()).toContainEqual(found('V1', 'lost', /does not exist/))
  })

  it('sees a failure that was paid all the same', async () => {
    await plant(`UPDATE transaction SET status = 'failed', failure_code = 'x' WHERE id = ${ONE('confirmed')}`)
    expect(await verdicts()).toContainEqual(found('V1', 'mismatch', /is failed and was paid/))
  })
})

describe('V2 books balance', () => {
  it('sees an entry that was posted twice', async () => {
    await plant(
      `INSERT INTO entry SELECT (jsonb_populate_record(e, '{"generation": 99}')).* FROM kept_entry e WHERE transaction_id = ${ONE('confirmed')} LIMIT 1`,
    )
    const findings = await verdicts()
    expect(findings).toContainEqual(found('V2', 'mismatch', /do not add up/))
    expect(findings).toContainEqual(found('V2', 'mismatch', /its entries say/))
  })

  it('sees a transaction that has ended and is still in the queue', async () => {
    await plant(
      `INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id)
       SELECT economy_id, id, tenant_id FROM kept_transaction WHERE id = ${ONE('confirmed')}`,
    )
    expect(await verdicts()).toContainEqual(found('V2', 'mismatch', /is confirmed and in the queue/))
  })

  it('sees a transaction that waits for a submission which was given up', async () => {
    await plant(
      `UPDATE chain_submission SET status = 'replaced' WHERE id = (SELECT submission_id FROM kept_transaction WHERE id = ${ONE('confirmed')})`,
    )
    expect(await verdicts()).toContainEqual(found('V2', 'mismatch', /is submitted and nothing carries it/))
  })

  it('sees a reservation that outlives its transaction', async () => {
    await plant(
      `UPDATE account SET released = released - 7 WHERE economy_id = :economy
       AND id = (SELECT from_user_id FROM kept_transaction WHERE id = ${ONE('confirmed')})`,
    )
    expect(await verdicts()).toContainEqual(found('V2', 'mismatch', /its live transactions need/))
  })

  it('sees funds that stay held when a transaction has ended', async () => {
    await plant(`UPDATE wallet SET reserved = reserved + 5 WHERE economy_id = :economy`)
    expect(await verdicts()).toContainEqual(found('V2', 'mismatch', /has 5 held/))
  })
})

describe('V3 ledger equals chain', () => {
  it('sees a double posting whose two sides agree with each other', async () => {
    await plant(
      `INSERT INTO entry SELECT (jsonb_populate_record(e, '{"generation": 99}')).* FROM kept_entry e WHERE transaction_id = ${ONE('confirmed')}`,
      `UPDATE account SET settled = settled + twice.amount FROM (SELECT account_id, sum(amount) AS amount FROM entry WHERE generation = 99 GROUP BY 1) twice WHERE id = twice.account_id AND economy_id = :economy`,
    )
    const findings = await verdicts()
    expect(findings).toContainEqual(found('V3', 'mismatch', /in the ledger and .* on the chain/))
    expect(findings.filter(({ verdict }) => verdict === 'V2')).toEqual([])
  })

  it('sees a nonce that no submission accounts for', async () => {
    await plant(
      `UPDATE chain_submission SET status = 'replaced' WHERE id = (SELECT submission_id FROM kept_transaction WHERE economy_id = :economy ORDER BY id LIMIT 1)`,
    )
    expect(await verdicts()).toContainEqual(found('V3', 'mismatch', /lane .* nonces/))
  })
})

describe('V4 one story', () => {
  it.each(['queued', 'submitted', 'mined', 'confirmed'])('sees that "%s" was never told', async (topic) => {
    await plant(
      `DELETE FROM outbox_record WHERE topic = 'transaction.${topic}' AND ${ONE('confirmed')} = ANY (subject_ids)`,
    )
    expect(await verdicts()).toContainEqual(found('V4', 'mismatch', new RegExp(`told "${topic}"`)))
  })

  it('sees a change that was told twice', async () => {
    await plant(
      `INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids, payload)
       SELECT id, tenant_id, economy_id, topic, ARRAY[id], ARRAY[${ONE('confirmed')}], payload
       FROM kept_outbox_record, uuidv7() AS id WHERE topic = 'transaction.confirmed' AND ${ONE('confirmed')} = ANY (subject_ids)`,
    )
    expect(await verdicts()).toContainEqual(found('V4', 'mismatch', /told "confirmed" 2 times/))
  })

  it('sees an event that goes to another tenant', async () => {
    await plant(
      `UPDATE outbox_record SET tenant_id = (SELECT tenant_id FROM economy WHERE id = :neighbour) WHERE ${ONE('confirmed')} = ANY (subject_ids)`,
    )
    expect(await verdicts()).toContainEqual(found('V4', 'mismatch', /goes to tenant/))
  })

  it('sees events that were not passed on', async () => {
    await plant(`UPDATE outbox_cursor SET xid = 0`)
    expect(await verdicts()).toContainEqual(found('V4', 'mismatch', /were not passed on/))
  })

  it('sees an event that no webhook was sent', async () => {
    const [{ sink }] = stage.players
    const lost = sink.received.shift()
    const findings = await verdicts()
    if (lost) sink.received.unshift(lost)
    expect(findings).toContainEqual(found('V4', 'mismatch', /never received/))
  })

  it('sees an event of somebody else at a webhook', async () => {
    const [{ sink }, neighbour] = stage.players
    const [foreign] = neighbour.sink.received
    if (foreign) sink.received.push(foreign)
    const findings = await verdicts()
    sink.received.pop()
    expect(findings).toContainEqual(found('V4', 'mismatch', /which is no event of the economy/))
  })

  it('sees a list that forgot to ask whose it is', async () => {
    const [player, neighbour] = stage.players
    const own = player.partner.client
    const leaking = {
      ...own,
      async *rows<Row>(path: string) {
        yield* own.rows<Row>(path)
        yield* neighbour.partner.client.rows<Row>(path)
      },
    }
    const seen = {
      ...stage,
      players: [{ ...player, partner: { ...player.partner, client: leaking } }, neighbour] as const,
    }
    const snapshot = await takeSnapshot(seen, { drainedS: 0, drainedWithinS: DRAINED_WITHIN_S })
    expect(judge(snapshot)).toContainEqual(found('V4', 'mismatch', /not the partner's/))
  })
})

describe('V5 all ended', () => {
  it('sees what nobody works on, and that it took too long', async () => {
    const [player] = stage.players
    const [from] = player.partner.users
    await payOne(player, stage.story, 'stuck', {
      type: 'purchase',
      from: from?.id ?? '',
      amount: stage.nextAmount(),
    })
    const findings = await verdicts(await drain(stage, performance.now(), 0.2))
    expect(findings).toContainEqual(found('V5', 'mismatch', /is still queued/))
    expect(findings).toContainEqual(found('V5', 'mismatch', /something is under way/))
    expect(await verdicts(DRAINED_WITHIN_S + 1)).toContainEqual(found('V5', 'mismatch', /are allowed/))
  })

  it('sees that nothing goes to the chain any more, though everything is accepted', async () => {
    const [player] = stage.players
    const [from] = player.partner.users
    const before = { stage, intents: { first: 0, end: intents } }
    expect(await untilPaymentsFlow(before, performance.now(), 0.2)).toEqual([])
    await payOne(player, stage.story, 'standing', {
      type: 'purchase',
      from: from?.id ?? '',
      amount: stage.nextAmount(),
    })
    const since = { stage, intents: { first: intents } }
    expect(await untilPaymentsFlow(since, performance.now(), 0.2)).toEqual([
      found('V5', 'mismatch', /nothing that was accepted since has gone to the chain/),
    ])
  })

  it('sees a request that was never answered', async () => {
    stage.story.intents.push({
      economyId: stage.players[0].economyId,
      idempotencyKey: 'silence',
      item: 0,
      legs: [],
    })
    expect(await verdicts()).toContainEqual(found('V5', 'mismatch', /no final answer/))
  })
})

describe('V1 and V3, with what cannot be taken back from a chain', () => {
  it('sees a payment that a forgotten idempotency key made twice', async () => {
    const [player] = stage.players
    const [from] = player.partner.users
    const payment = { type: 'purchase' as const, from: from?.id ?? '', amount: stage.nextAmount() }
    await bed.scale({ apis: 1, workers: 1 })
    await payOne(player, stage.story, 'forgotten', payment)
    await bed.postgres.sql(`DELETE FROM idempotency_record WHERE key = 'forgotten'`)
    await payOne(player, stage.story, 'forgotten', payment)
    // One request of one client: its first answer never arrived.
    stage.story.intents.splice(-2, 1)
    await drain(stage, performance.now(), DRAINED_WITHIN_S)
    await Promise.all(bed.workers.map((worker) => worker.stop()))
    expect(await verdicts()).toContainEqual(found('V1', 'doubled', /nobody was told/))
  })

  it('sees a batch that was signed again with a new nonce after its answer was lost', async () => {
    await sendAgain()
    const findings = await verdicts()
    expect(findings).toContainEqual(found('V1', 'doubled', /was paid 2 times/))
    expect(findings).toContainEqual(found('V3', 'mismatch', /lane .* nonces/))
  })

  it('sees payments that a re-org took out of the chain, and entries that were not reversed', async () => {
    await bed.chain.rpc('anvil_reorg', [await blocksSinceLastBatch(), []])
    const findings = await verdicts()
    expect(findings).toContainEqual(found('V1', 'lost', /confirmed and was never paid/))
    expect(findings).toContainEqual(found('V3', 'mismatch', /in the ledger and .* on the chain/))
  })
})

interface Batch {
  to_address: string
  calldata: Buffer
  address: string
  block_number: string
}

async function lastBatch(): Promise<Batch> {
  const [batch] = await bed.postgres.sql<Batch>(
    `SELECT s.to_address, s.calldata, l.address, s.block_number FROM chain_submission s JOIN lane l ON l.id = s.lane_id
     WHERE s.economy_id = $1 AND s.kind = 'transfer_batch' ORDER BY s.block_number DESC LIMIT 1`,
    [stage.players[0].economyId],
  )
  if (batch === undefined) throw new Error('the load makes batches')
  return batch
}

/** What the closest peer does: the answer is lost, so the same payments are signed again and sent under the next nonce. */
async function sendAgain(): Promise<void> {
  const { to_address: to, calldata, address: from } = await lastBatch()
  await bed.chain.rpc('anvil_impersonateAccount', [from])
  const hash = await bed.chain.rpc('eth_sendTransaction', [
    { from, to, data: `0x${calldata.toString('hex')}`, gas: '0xe00000' },
  ])
  await bed.chain.rpc('evm_mine')
  expect(await bed.chain.rpc('eth_getTransactionReceipt', [hash])).toMatchObject({ status: '0x1' })
}

/** How deep a re-org must be to take the last batch out of the chain for good. */
async function blocksSinceLastBatch(): Promise<number> {
  const { block_number: mined } = await lastBatch()
  return Number(await bed.chain.rpc('eth_blockNumber')) - Number(mined) + 1
}
