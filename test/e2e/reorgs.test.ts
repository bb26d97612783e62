import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireTimeline, WireTransaction, WireTransactionBatch } from '#apps/cli/wire.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { expectPaidExactlyOnce } from './audit.ts'
import { startLoad } from './load.ts'
import { createPartner, type Partner, untilAllEnded } from './partner.ts'
import { type Platform, startPlatform } from './platform.ts'

const USERS = 20
const PLENTY = 10n ** 9n
/** Blocks. Deeper than every re-org here, so that none of them touches what was final. */
const FINALITY_DEPTH = 6
const TRIES_MAX = 5

let platform: Platform
let partner: Partner
const accepted: string[] = []

beforeAll(async () => {
  platform = await startPlatform({ blockTimeSeconds: 0.3, finalityDepth: FINALITY_DEPTH })
  partner = await createPartner(platform, { users: USERS })
  const rewards = partner.users.map(({ id }) => ({ type: 'reward', to_user_id: id, amount: `${PLENTY}` }))
  const batch = await partner.client.post<WireTransactionBatch>('/v3/transactions/batch', {
    transactions: rewards,
  })
  accepted.push(...batch.data.flatMap(({ transaction }) => transaction?.id ?? []))
  await untilAllEnded(partner)
}, 120_000)
afterAll(async () => platform.close())

/** A payment that is in a block by now. */
async function payAndSeeItMined(key: string): Promise<{ id: string; block: number }> {
  const { body } = await partner.client.request<WireTransaction>({
    method: 'POST',
    path: '/v3/transactions',
    body: { type: 'reward', to_user_id: partner.users[0]?.id, amount: '3' },
    idempotencyKey: key,
    waitSeconds: 20,
  })
  accepted.push(body.id)
  const block = body.chain?.block_number
  if (typeof block !== 'number') throw new Error(`${body.id} is ${body.status}`)
  return { id: body.id, block }
}

async function hashOf(block: number): Promise<string> {
  // As the Ethereum JSON-RPC specifies it; the block is there.
  const found = (await platform.anvil.rpc('eth_getBlockByNumber', [`0x${block.toString(16)}`, false])) as {
    hash: string
  }
  return found.hash
}

/** Replaces the chain's end from `block` on, by empty blocks, once it is at least `depth` blocks long. */
async function orphan(block: number, depth: number): Promise<void> {
  const before = await hashOf(block)
  await expect
    .poll(() => platform.chain.blockNumber(), { interval: 20 })
    .toBeGreaterThanOrEqual(block + depth - 1)
  // A block mined between the look and the re-org would save ours: then the next try goes deeper.
  for (let tries = 0; tries < TRIES_MAX && (await hashOf(block)) === before; tries += 1) {
    const head = await platform.chain.blockNumber()
    await platform.anvil.rpc('anvil_reorg', [head - block + 1, []])
  }
  expect(await hashOf(block)).not.toBe(before)
}

async function reorganisations(id: string): Promise<number> {
  const rows = await platform.sql(
    `SELECT id FROM outbox_event WHERE topic = 'transaction.reorged' AND subject_id = $1`,
    [uuidOfWire(id)],
  )
  return rows.length
}

async function expectAllPaid(): Promise<void> {
  await untilAllEnded(partner)
  await expectPaidExactlyOnce(platform, partner, accepted)
  expect(await platform.sql(`SELECT halt_reason FROM chain WHERE status <> 'active'`)).toEqual([])
}

describe('a chain that takes blocks back', () => {
  it.each([1, 2, 3])(
    'at a depth of %i, under load, leaves every payment made once and the ledger equal',
    async (depth) => {
      const load = startLoad(partner, `reorg-${depth}`)
      const { id, block } = await payAndSeeItMined(`depth-${depth}`)
      await orphan(block, depth)
      await expect.poll(() => reorganisations(id), { timeout: 10_000 }).toBe(1)
      accepted.push(...(await load.stop()))
      await expectAllPaid()
      const { data } = await partner.client.get<WireTimeline>(`/v3/transactions/${id}/timeline`)
      const kinds = data.map(({ kind }) => kind)
      const count = (wanted: string) => kinds.filter((kind) => kind === wanted).length
      expect([count('settled'), count('reversed')]).toEqual([4, 2])
      expect(kinds.indexOf('reversed')).toBeLessThan(kinds.lastIndexOf('settled'))
      expect(kinds.at(-1)).toBe('confirmed')
    },
    60_000,
  )

  it('while no worker looks, is found by the next one', async () => {
    const { id, block } = await payAndSeeItMined('unseen')
    await platform.worker.kill()
    await orphan(block, 2)
    await platform.worker.start()
    await expect.poll(() => reorganisations(id), { timeout: 10_000 }).toBe(1)
    await expectAllPaid()
  }, 60_000)
})
