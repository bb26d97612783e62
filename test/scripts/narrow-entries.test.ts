import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseBefore, databaseBefore } from './database-before.ts'

const NARROW = '20261130000400_narrow_entries'
const [CHAIN, OTHER_CHAIN] = [41, 42]
const TENANT = randomUUID()
const [ECONOMY, OTHER_ECONOMY] = [randomUUID(), randomUUID()]
const [PAYER, PAYEE] = [randomUUID(), randomUUID()]
const [A, B, C] = ['0a', '0b', '0c'].map((byte) => `0x${byte.repeat(32)}`) as [string, string, string]
const TX = `0x${'fe'.repeat(32)}`

/** In a database that had rows before the migration. */
let before: DatabaseBefore
let owner: Client

beforeAll(async () => {
  before = await databaseBefore(NARROW)
  owner = before.owner
  await addEconomies()
  await addBlocks()
  await addBackingEntries()
  await before.migrateOn()
})

afterAll(() => before?.close())

async function addEconomies(): Promise<void> {
  await owner.query(`INSERT INTO tenant (id, name) VALUES ($1, 'Old')`, [TENANT])
  for (const [economyId, chainId] of [
    [ECONOMY, CHAIN],
    [OTHER_ECONOMY, OTHER_CHAIN],
  ]) {
    const laneId = randomUUID()
    await owner.query(
      `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES ($1, 'utility', 'Old', 1000, 2, '{}')`,
      [chainId],
    )
    await owner.query(`INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, $2, $3, 'x')`, [
      laneId,
      chainId,
      `0x${'1'.repeat(38)}${chainId}`,
    ])
    await owner.query(
      `INSERT INTO economy (id, tenant_id, chain_id, lane_id, environment, name, symbol, decimals, status, token_address,
                            token_rules_address, company_user_id, initial_grant)
       VALUES ($1, $2, $3, $4, 'sandbox', 'Old', 'OLD' || $3::bigint, 18, 'active', $5, $5, $6, 0)`,
      [economyId, TENANT, chainId, laneId, `0x${'2'.repeat(38)}${chainId}`, PAYER],
    )
  }
}

/** What the version before left of histories of four heights, and of the same height on another chain. */
async function addBlocks(): Promise<void> {
  await addBlock({ number: 1, hash: A, status: 'canonical', generation: 1, at: 1 })
  await addEntries({ number: 1, hash: A, generation: 1, at: 1 })

  // A, B, A, B, and then C: each of which moved the same, but for the first B, which moved nothing.
  await addBlock({ number: 2, hash: A, status: 'orphaned', generation: 2, at: 13 })
  await addBlock({ number: 2, hash: B, status: 'orphaned', generation: 2, at: 14 })
  await addBlock({ number: 2, hash: C, status: 'canonical', generation: 1, at: 15 })
  await addEntries({ number: 2, hash: A, generation: 1, at: 11, reversedAt: 12 })
  await addEntries({ number: 2, hash: A, generation: 2, at: 13, reversedAt: 14 })
  await addEntries({ number: 2, hash: B, generation: 2, at: 14, reversedAt: 15 })
  await addEntries({ number: 2, hash: C, generation: 1, at: 15 })

  // Adopted again and nothing else.
  await addBlock({ number: 3, hash: A, status: 'canonical', generation: 2, at: 22 })
  await addEntries({ number: 3, hash: A, generation: 1, at: 20, reversedAt: 21 })
  await addEntries({ number: 3, hash: A, generation: 2, at: 22 })

  // Left, with a correction by a person.
  await addBlock({ number: 4, hash: A, status: 'orphaned', generation: 1, at: 31 })
  await addBlock({ number: 4, hash: B, status: 'orphaned', generation: 1, at: 30 })
  await addEntries({ number: 4, hash: A, generation: 1, at: 31, reversedAt: 32 })
  await addEntries({ number: 4, hash: B, generation: 1, at: 30, reversedAt: 31 })
  await addEntries({ number: 4, hash: C, generation: 1, at: 29 })

  await addBlock({ chainId: OTHER_CHAIN, number: 2, hash: B, status: 'canonical', generation: 1, at: 2 })
  await addEntries({ economyId: OTHER_ECONOMY, number: 2, hash: B, generation: 1, at: 2 })
}

async function addBlock(block: {
  chainId?: number
  number: number
  hash: string
  status: string
  generation: number
  at: number
}): Promise<void> {
  const { chainId = CHAIN, number, hash, status, generation } = block
  await owner.query(
    `INSERT INTO chain_block (chain_id, number, hash, parent_hash, status, generation, mined_at, indexed_at)
     VALUES ($1, $2, $3, $3, $4, $5, $6, $6)`,
    [chainId, number, hash, status, generation, moment(block.at)],
  )
}

interface Posted {
  economyId?: string
  number: number
  hash: string
  generation: number
  at: number
  reversedAt?: number
}

/** Both sides of one movement, and what takes them back. */
async function addEntries({ economyId = ECONOMY, reversedAt, ...posted }: Posted): Promise<void> {
  const { number, hash, generation, at } = posted
  await owner.query(
    `INSERT INTO entry (economy_id, account_id, block_number, log_index, side, generation, is_reversal, tenant_id, block_hash, tx_hash,
                        counter_account_id, amount, created_at)
     SELECT $1, side.account_id, $2, 0, side.name, $3, time.is_reversal, $4, $5, $6, side.counter_account_id,
            CASE WHEN time.is_reversal THEN -side.amount ELSE side.amount END, time.at
     FROM (VALUES ('debit', $7::uuid, $8::uuid, -5), ('credit', $8::uuid, $7::uuid, 5)) AS side(name, account_id, counter_account_id, amount)
     CROSS JOIN (VALUES (false, $9::timestamptz), (true, $10::timestamptz)) AS time(is_reversal, at) WHERE time.at IS NOT NULL`,
    [
      economyId,
      number,
      generation,
      TENANT,
      hash,
      TX,
      PAYER,
      PAYEE,
      moment(at),
      reversedAt === undefined ? null : moment(reversedAt),
    ],
  )
}

/** Books of the utility chain and of the value chain, from both chains' blocks 2 and 3. */
async function addBackingEntries(): Promise<void> {
  await owner.query(
    `INSERT INTO backing (economy_id, tenant_id, terms_id, value_chain_id, utility_chain_id, gateway, co_gateway, value_token, value_token_name,
                          value_decimals, utility_token, utility_token_name, utility_decimals, rate, rate_decimals, holder_factory,
                          holder_init_code_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $6, $6, 'V', 18, $6, 'U', 18, 1, 0, $6, $3)`,
    [ECONOMY, TENANT, A, OTHER_CHAIN, CHAIN, `0x${'3'.repeat(40)}`],
  )
  await owner.query(
    `INSERT INTO backing_entry (economy_id, account, counter_account, block_number, log_index, block_hash, generation, is_reversal, tenant_id,
                                tx_hash, event, amount)
     SELECT $1, account, 'x', number, 0, hash, generation, is_reversal, $2, 'x', 'x', CASE WHEN is_reversal THEN -1 ELSE 1 END
     FROM (VALUES ('supply', 2, $3, 2, false), ('supply', 2, $3, 2, true), ('supply', 2, $4, 1, false),
                  ('supply', 3, $5, 1, false), ('supply', 3, $5, 1, true), ('supply', 3, $5, 2, false), ('vault', 2, $3, 1, false))
          AS e(account, number, hash, generation, is_reversal)`,
    [ECONOMY, TENANT, B, C, A],
  )
}

const moment = (second: number) => new Date(Date.UTC(2026, 10, 1, 12, 0, second))

async function all(text: string, values: readonly unknown[] = []): Promise<unknown[][]> {
  return (await owner.query({ text, values: [...values], rowMode: 'array' })).rows
}

describe('the adoptions of a height', () => {
  const generations = (chainId: number, number: number) =>
    all('SELECT hash, generation FROM chain_block WHERE chain_id = $1 AND number = $2 ORDER BY generation', [
      chainId,
      number,
    ])

  it('are counted in the order in which they came', async () => {
    expect(await generations(CHAIN, 1)).toEqual([[A, 1]])
    expect(await generations(CHAIN, 2)).toEqual([
      [A, 3],
      [B, 4],
      [C, 5],
    ])
    expect(await generations(CHAIN, 3)).toEqual([[A, 2]])
    expect(await generations(OTHER_CHAIN, 2)).toEqual([[B, 1]])
  })

  it('leave the last number with a block', async () => {
    expect(await generations(CHAIN, 4)).toEqual([
      [B, 2],
      [A, 3],
    ])
  })

  it('number what backs a token, by the chain of each book', async () => {
    const text = `SELECT account, block_number::int, block_hash, generation, is_reversal FROM backing_entry
                  ORDER BY account, block_number, generation, is_reversal`
    expect(await all(text)).toEqual([
      ['supply', 2, B, 4, false],
      ['supply', 2, B, 4, true],
      ['supply', 2, C, 5, false],
      ['supply', 3, A, 1, false],
      ['supply', 3, A, 1, true],
      ['supply', 3, A, 2, false],
      ['vault', 2, B, 1, false],
    ])
  })
})

describe('the entries', () => {
  const EXPECTED: Record<number, [hash: string, generation: number, isReversal: boolean][]> = {
    1: [[A, 1, false]],
    2: [
      [A, 2, false],
      [A, 2, true],
      [A, 3, false],
      [A, 3, true],
      [B, 4, false],
      [B, 4, true],
      [C, 5, false],
    ],
    3: [
      [A, 1, false],
      [A, 1, true],
      [A, 2, false],
    ],
    4: [
      [C, 1, false],
      [B, 2, false],
      [B, 2, true],
      [A, 3, false],
      [A, 3, true],
    ],
  }

  it.each(Object.entries(EXPECTED))(
    'of height %s are all there, each under its adoption',
    async (number, rows) => {
      const text = `SELECT '0x' || encode(block_hash, 'hex'), generation, is_reversal FROM entry
                  WHERE economy_id = $1 AND block_number = $2 AND account_id = $3 AND side = $4 ORDER BY generation, is_reversal`
      expect(await all(text, [ECONOMY, number, PAYER, 'debit'])).toEqual(rows)
      expect(await all(text, [ECONOMY, number, PAYEE, 'credit'])).toEqual(rows)
    },
  )

  it('of another chain stay as they were, hashes apart', async () => {
    expect(
      await all(
        `SELECT generation, block_hash, tx_hash, amount, created_at FROM entry WHERE economy_id = $1 AND account_id = $2`,
        [OTHER_ECONOMY, PAYEE],
      ),
    ).toEqual([[1, Buffer.from(B.slice(2), 'hex'), Buffer.from(TX.slice(2), 'hex'), '5', moment(2)]])
  })

  it('add up to what they did', async () => {
    expect(
      await all('SELECT count(*)::int, sum(amount) FILTER (WHERE account_id = $1) FROM entry', [PAYEE]),
    ).toEqual([[34, '25']])
  })

  it('are append-only again', async () => {
    for (const table of ['entry', 'backing_entry'])
      await expect(owner.query(`UPDATE ${table} SET generation = 9`)).rejects.toThrow('append-only')
  })
})
