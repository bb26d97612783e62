import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyIdOf } from '#adapters/crypto/jwe.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('GET /v3/platform/keys', () => {
  const [current, previous, lost] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi({
      KEY_ENCRYPTION_KEY: current.toString('base64url'),
      KEY_ENCRYPTION_KEYS_PREVIOUS: previous.toString('base64url'),
    })
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'GET',
    () => '/v3/platform/keys',
  )

  it('200: counts what is under which key, and says how much still needs an older one', async () => {
    const binding = { laneId: api.economy.laneId, address: '0x' }
    const jwe = await createKeyVault({ key: previous }).seal(randomBytes(32), binding)
    await api.sql('UPDATE lane SET key_jwe = $1', [jwe])
    for (const key of [current, current, lost]) {
      await api.sql(
        `INSERT INTO idempotency_record (scope_id, key, tenant_id, fingerprint, status, response)
         VALUES ($1, $2, $1, '{}', 200, to_jsonb($3::text))`,
        [api.economy.tenantId, randomUUID(), createSealer(key).seal({ a: 1 })],
      )
    }
    const { status, body } = await api.operate('GET', '/v3/platform/keys')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      current_key_id: keyIdOf(current),
      previous_key_ids: [keyIdOf(previous)],
      outdated: 3,
    })
    expect(body.sealed).toContainEqual({
      kind: 'relayer_key',
      key_id: keyIdOf(previous),
      count: 2,
      status: 'previous',
    })
    expect(body.sealed).toContainEqual({
      kind: 'stored_response',
      key_id: keyIdOf(current),
      count: 2,
      status: 'current',
    })
    expect(body.sealed).toContainEqual({
      kind: 'stored_response',
      key_id: keyIdOf(lost),
      count: 1,
      status: 'unknown',
    })
    expect(JSON.stringify(body)).not.toContain(current.toString('base64url'))
  })
})
