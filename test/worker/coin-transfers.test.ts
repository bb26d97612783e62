import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createDialectReader } from '#adapters/postgres/dialect-reader.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { sendCoins } from '#core/chain/send-coins.ts'
import type { Economy } from '#core/economy/economy.ts'
import { aBed, type Bed } from './live-economy.ts'
import { until } from './redis-server.ts'

let bed: Bed
let economy: Economy
let database: Database
beforeAll(async () => {
  bed = await aBed()
  database = new Database({ url: bed.testDatabase.appUrl, poolSize: 2, applicationName: 'test-api' })
  await bed.startWorker()
  economy = await bed.createEconomy()
  await bed.untilActive(economy, 120_000)
}, 240_000)
afterAll(async () => {
  await database.close()
  await bed.close()
})

/** As the API does it, with its role. */
async function send(amountWei: bigint, toAddress = `0x${randomBytes(20).toString('hex')}`): Promise<string> {
  const sealer = createSealer(bed.config.keys.keyEncryptionKey)
  const deps = { unitOfWork: createUnitOfWork({ database, ids, sealer }), clock, ids, budgetWei: 10n ** 24n }
  const actor = { tenantId: bed.tenantId, type: 'system', id: 'test' } as const
  const { id } = await sendCoins(deps, { actor, economyId: economy.id, toAddress, amountWei })
  return id
}

async function transfer(id: string) {
  const owner = { tenantId: bed.tenantId, economyId: economy.id }
  const page = { number: 1, limit: 1, orderBy: 'created', order: 'desc' } as const
  const { rows } = await createDialectReader(database).transfers(owner, { ids: [id] }, page)
  return rows[0] ?? expect.unreachable('the transfer was queued')
}

const topicsOf = async (id: string) => {
  const sql = 'SELECT topic FROM outbox_event WHERE subject_id = $1 ORDER BY topic'
  return (await bed.owner.query<{ topic: string }>(sql, [id])).rows.map(({ topic }) => topic)
}

const coinsOf = async (address: string) =>
  BigInt(String(await bed.anvil.rpc('eth_getBalance', [address, 'latest'])))

it('reaches the address once, exactly, and is followed to its block', async () => {
  const to = `0x${randomBytes(20).toString('hex')}`
  const id = await send(123_456_789n, to)
  await until('it is final', async () => (await transfer(id)).status === 'confirmed', 60_000)
  expect(await coinsOf(to)).toBe(123_456_789n)
  const states = ['confirmed', 'mined', 'queued', 'submitted']
  expect(await topicsOf(id)).toEqual(states.map((state) => `coin_transfer.${state}`))
  const sent = await transfer(id)
  expect(sent).toMatchObject({ toAddress: to, amountWei: 123_456_789n, gasUsed: 21_000n })
  const mined = await bed.anvil.rpc('eth_getTransactionByHash', [sent.txHash])
  expect(mined).toMatchObject({ from: sent.fromAddress, to, value: `0x${(123_456_789).toString(16)}` })
})

it('is refused where the lane would be left without its reserve, and payments go on', async () => {
  const { fromAddress } = await transfer(await send(1n))
  const id = await send((await coinsOf(fromAddress)) - 10n ** 17n)
  await until('it is refused', async () => (await transfer(id)).status === 'refused', 60_000)
  expect(await topicsOf(id)).toEqual(['coin_transfer.failed', 'coin_transfer.queued'])
  const { userIds, typeId } = await bed.addUsers(economy, 2)
  expect(await bed.reward(economy, typeId, userIds, 1n)).toBe(2)
  await until('they are paid', async () => (await bed.statuses(economy))['confirmed'] === 2, 60_000)
})

it('is not within the API’s reach but for plain transfers of sandbox economies', async () => {
  const insert = (change: string) =>
    database.raw([bed.tenantId], async (client) => {
      const fields: Record<string, string> = {
        kind: `'coin_transfer'`,
        value: '1',
        calldata: `''`,
        gas_limit: '21000',
        ...Object.fromEntries([change.split('=') as [string, string]]),
      }
      await client.query(
        `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, value, transaction_ids)
         SELECT gen_random_uuid(), chain_id, lane_id, id, tenant_id, ${fields['kind']}, $2, ${fields['calldata']}, ${fields['gas_limit']},
                ${fields['value']}, '{}' FROM economy WHERE id = $1`,
        [economy.id, `0x${randomBytes(20).toString('hex')}`],
      )
    })
  for (const change of [
    `calldata='\\x01'`,
    'value=0',
    `value=${10n ** 20n}`,
    'gas_limit=100001',
    `kind='transfer_batch'`,
  ])
    await expect(insert(change), change).rejects.toThrow(/row-level security|chain_submission_value/)
  await insert('value=1')
})
