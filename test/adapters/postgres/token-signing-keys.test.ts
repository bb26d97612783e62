import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAccessTokens } from '#adapters/crypto/access-tokens.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createSealedKinds } from '#adapters/postgres/sealed-values.ts'
import { createTokenKeyStore } from '#adapters/postgres/token-key-store.ts'
import { resealKeys } from '#core/chain/reseal-keys.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let app: Database
let worker: pg.Pool
beforeAll(async () => {
  testDatabase = await createTestDatabase()
  app = new Database({ url: testDatabase.appUrl, poolSize: 5, applicationName: 'test-token-keys' })
  worker = new pg.Pool({ connectionString: testDatabase.workerUrl, max: 2 })
})
afterAll(async () => {
  await Promise.allSettled([app.close(), worker.end()])
  await testDatabase.drop()
})

const claims = { memberId: ids.next(), tenantId: ids.next(), sessionId: ids.next(), role: 'owner' as const }

it('processes that miss a key at the same time make one, and it is sealed anew with everything else', async () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)]
  const now = new Date()
  const tokensWith = (key: Buffer, previous: Buffer[] = []) =>
    createAccessTokens({
      store: createTokenKeyStore(app),
      sealer: createSealer(key, previous),
      ids,
      issuer: 'http://localhost:3000',
    })
  const processes = Array.from({ length: 5 }, () => tokensWith(oldKey))
  const tokens = await Promise.all(processes.map(async (each) => each.issue(claims, now)))
  expect(await tokensWith(oldKey).publicKeys(now)).toHaveLength(1)
  for (const token of tokens)
    expect(await processes[0]?.verify(token, now)).toMatchObject({ memberId: claims.memberId })

  const sealer = createSealer(newKey, [oldKey])
  const observer = { log() {}, gauge() {}, count() {}, observe() {} }
  const kinds = createSealedKinds(
    { pool: worker },
    { keyVault: createKeyVault({ key: newKey, previousKeys: [oldKey] }), sealer },
  )
  const report = await resealKeys({ kinds, observer } as Parameters<typeof resealKeys>[0])
  expect(report).toEqual({ resealed: 1, outdated: 0, unreadable: 0, isComplete: true })
  const after = await tokensWith(newKey).issue(claims, now)
  expect(await processes[0]?.verify(after, now)).toMatchObject({ memberId: claims.memberId })
})
