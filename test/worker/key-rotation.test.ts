import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyIdOf } from '#adapters/crypto/jwe.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { aBed, type Bed, balancesOnChain } from './live-economy.ts'
import { until } from './redis-server.ts'

const RESPONSES = 2_000
const SIGNERS = 5

let bed: Bed
const children: ChildProcess[] = []
beforeAll(async () => {
  bed = await aBed()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await bed.close()
})

/** A worker process that seals with `key` and opens with the others as well. */
function run(key: Buffer, ...previous: Buffer[]) {
  const child = spawn(process.execPath, ['apps/worker/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      ...bed.env,
      LOG_LEVEL: 'info',
      KEY_ENCRYPTION_KEY: key.toString('base64url'),
      KEY_ENCRYPTION_KEYS_PREVIOUS: previous.map((one) => one.toString('base64url')).join(', '),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  child.stdout?.on('data', (chunk) => (output += String(chunk)))
  child.stderr?.on('data', (chunk) => (output += String(chunk)))
  return { child, output: () => output }
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function lanes(): Promise<{ id: string; address: string; key_jwe: string }[]> {
  return (await bed.owner.query('SELECT id, address, key_jwe FROM lane ORDER BY id')).rows
}

/** How many stored values are under this key. */
async function sealedWith(key: Buffer): Promise<number> {
  const { rows } = await bed.owner.query<{ count: number }>(
    'SELECT sum(sealed)::int AS count FROM platform_sealed_values() WHERE key_id = $1',
    [keyIdOf(key)],
  )
  return rows[0]?.count ?? 0
}

it('rotates the key-encryption key twice under load, a worker killed midway: same addresses, every payment, no refusal', async () => {
  const [first, second, third] = [
    Buffer.from(bed.config.keys.keyEncryptionKey),
    randomBytes(32),
    randomBytes(32),
  ]
  const sealer = createSealer(first)
  await bed.owner.query(
    `INSERT INTO idempotency_record (scope_id, key, tenant_id, fingerprint, status, response)
     SELECT $1, key, $1, '{}', 200, to_jsonb(sealed) FROM unnest($2::text[], $3::text[]) AS r(key, sealed)`,
    [
      bed.tenantId,
      Array.from({ length: RESPONSES }, () => randomUUID()),
      Array.from({ length: RESPONSES }, (_, index) => sealer.seal({ index })),
    ],
  )
  await bed.owner.query(
    `INSERT INTO api_key (id, tenant_id, environment, name, secret_hash, scopes, ip_allow_list, signing_algorithm, signing_key)
     SELECT gen_random_uuid(), $1, 'sandbox', 'Signer', decode(repeat('00', 32), 'hex'), '{}', '{}', 'hmac-sha256', sealed
     FROM unnest($2::text[]) AS s(sealed)`,
    [bed.tenantId, Array.from({ length: SIGNERS }, () => sealer.seal('shared'))],
  )
  const before = await lanes()
  const total = RESPONSES + SIGNERS + before.length
  const old = run(first)
  const economy = await bed.createEconomy()
  await bed.untilActive(economy)
  const { userIds, typeId } = await bed.addUsers(economy, 50)
  let accepted = 0
  let isOver = false
  const load = (async () => {
    while (!isOver) {
      accepted += await bed.reward(economy, typeId, userIds, 1n)
      await new Promise((resolve) => setTimeout(resolve, 400))
    }
  })()

  // The next key is known everywhere before anything is sealed with it.
  await end(old.child, 'SIGTERM')
  const prepared = run(first, second)
  await until('it started', () => prepared.output().includes('worker.started'), 30_000)
  // One at a time: the job is anybody's, and this one would find nothing to do.
  await end(prepared.child, 'SIGTERM')
  const killed = run(second, first)
  await until('it is at it', async () => (await sealedWith(second)) > 0, 30_000)
  await end(killed.child, 'SIGKILL')
  const midway = await sealedWith(second)
  expect(midway).toBeGreaterThan(0)
  expect(midway).toBeLessThan(total)

  const rotated = run(second, first)
  await until('all are under the second key', async () => (await sealedWith(second)) === total, 60_000)
  await until('it said so', () => rotated.output().includes('keys.all_current'))
  await end(rotated.child, 'SIGTERM')

  const both = [run(third, second), run(third, second)]
  await until('all are under the third key', async () => (await sealedWith(third)) === total, 60_000)
  for (const { child } of both) await end(child, 'SIGTERM')
  const last = run(third)
  await until('it started', () => last.output().includes('worker.started'), 20_000)
  isOver = true
  await load
  await expect
    .poll(async () => bed.statuses(economy), { timeout: 60_000, interval: 200 })
    .toEqual({ confirmed: accepted })

  expect(accepted).toBeGreaterThan(0)
  const [balance] = await balancesOnChain(bed, economy, userIds)
  expect(balance).toBe(BigInt(accepted / userIds.length))
  expect((await lanes()).map(({ id, address }) => ({ id, address }))).toEqual(
    before.map(({ id, address }) => ({ id, address })),
  )
  for (const { output } of [old, prepared, killed, rotated, ...both, last])
    expect(output()).not.toMatch(/key-encryption key|keys\.unreadable/)

  const [lane] = before
  const binding = { laneId: lane?.id ?? '', address: lane?.address ?? '' }
  await expect(createKeyVault({ key: third }).open(lane?.key_jwe ?? '', binding)).rejects.toThrow(
    /KEY_ENCRYPTION_KEYS_PREVIOUS/,
  )
  expect(() => createSealer(third).open(sealer.seal(1))).toThrow(/KEY_ENCRYPTION_KEYS_PREVIOUS/)
}, 240_000)
