import { randomBytes, randomUUID } from 'node:crypto'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import { Registry } from 'prom-client'
import { TypeID } from 'typeid-js'
import { expect } from 'vitest'
import { apiKeyHasher } from '#adapters/crypto/api-key-hasher.ts'
import { systemClock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createSigningKeys, createVerifyBytes, createVerifyDialect } from '#adapters/crypto/signing-keys.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { buildApp } from '#apps/api/app.ts'
import type { AppDeps } from '#apps/api/deps.ts'
import { createDataPlane } from '#apps/api/data-plane.ts'
import { createMoneyPath } from '#apps/api/money-path.ts'
import { createSignInParts } from '#apps/api/sign-in.ts'
import { loadConfig } from '#config'
import type { Scope } from '#core/tenant/scopes.ts'
import { expectDeclared, type OpenApi } from './answers.ts'
import { type FakeChain, fakeChain } from './fake-chain.ts'
import { createTestDatabase, type TestDatabase } from './stack.ts'

export const OPERATOR_KEY = 'operator-key-of-the-api-tests-0123456789'
export const TEST_CHAIN = 31_002

/** An answer as tests read it. */
export interface Answer {
  status: number
  headers: Record<string, unknown>
  /** Tests assert on what they expect to be there; typing every answer twice would prove nothing. */
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any
}

export interface RequestOptions {
  key?: string | null
  body?: unknown
  headers?: Record<string, string>
  /** Sets Idempotency-Key. */
  once?: string
  /** Sets OST-Economy. */
  economy?: string
  ip?: string
}

/** A tenant and its key of the whole tenant. */
export interface TestTenant {
  id: string
  key: string
  keyId: string
  ownerId: string
}

export interface TestApi {
  app: FastifyInstance
  deps: AppDeps
  database: TestDatabase
  chain: FakeChain
  /** The tenant that `request` acts for when no key is given. */
  tenant: TestTenant
  /** One request; its answer is checked against the route's declared response schema. */
  request(method: InjectOptions['method'], url: string, options?: RequestOptions): Promise<Answer>
  createTenant(): Promise<TestTenant>
  /** A key with these scopes; `key` is the one that creates it. */
  createKey(
    body?: { scopes?: Scope[]; economy_id?: string } & Record<string, unknown>,
    key?: string,
  ): Promise<string>
  /** An economy that is live, as if its deployment had ended. */
  createEconomy(
    options?: { key?: string; status?: string } & Record<string, unknown>,
  ): Promise<{ id: string; company_user_id: string }>
  /** Rows as the schema's owner sees them: of all tenants. */
  sql: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

/** The API on a database of its own, with a chain that exists in the database only. */
export async function startApi(
  options: { env?: Record<string, string>; deps?: (deps: AppDeps) => Partial<AppDeps> } = {},
): Promise<TestApi> {
  const testDatabase = await createTestDatabase()
  const owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 2 })
  owner.on('error', () => {})
  const config = loadConfig({ ...ENV, DATABASE_URL: testDatabase.appUrl, ...options.env })
  const database = new Database({ url: testDatabase.appUrl, poolSize: 5, applicationName: 'test-api' })
  const chain = fakeChain()
  const sealer = createSealer(config.keys.keyEncryptionKey)
  const jobs = { wake() {} }
  const base: AppDeps = {
    ...createDataPlane(database),
    ...createSignInParts({ database, sealer, ids, issuer: config.api.publicUrl }),
    ...createMoneyPath({
      database,
      clock: systemClock,
      ids,
      jobs,
      priceMaxAgeMs: config.pricing.maxAgeSeconds * 1_000,
    }),
    config,
    database,
    redis: null,
    unitOfWork: createUnitOfWork({ database, ids, sealer }),
    hasher: apiKeyHasher,
    signingKeys: createSigningKeys(sealer),
    keyVault: createKeyVault({ key: config.keys.keyEncryptionKey }),
    verifyBytes: createVerifyBytes(sealer),
    verifyDialect: createVerifyDialect(sealer),
    addressBook: chain.addressBook,
    faucet: chain.faucet,
    jobs,
    metrics: new Registry(),
    clock: systemClock,
    ids,
  }
  const deps = { ...base, ...options.deps?.(base) }
  const sql = async (text: string, values: unknown[] = []) => (await owner.query(text, values)).rows
  await insertChain(sql, chain)
  const app = await buildApp(deps)
  checkEveryAnswer(app)

  const request: TestApi['request'] = async (
    method,
    url,
    { key = tenant?.key, body, headers, once, economy, ip } = {},
  ) => {
    const response = await app.inject({
      method: method ?? 'GET',
      url,
      ...(body !== undefined && { payload: body as object }),
      ...(ip !== undefined && { remoteAddress: ip }),
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(once !== undefined && { 'idempotency-key': once }),
        ...(economy !== undefined && { 'ost-economy': economy }),
        ...headers,
      },
    })
    return answerOf(response)
  }

  let tenant: TestTenant | undefined
  const createTenant = async (): Promise<TestTenant> => {
    const { status, body } = await request('POST', '/v3/tenants', {
      key: OPERATOR_KEY,
      body: { name: 'Acme', owner: { email: 'ada@example.com', name: 'Ada' } },
    })
    expect(status, JSON.stringify(body)).toBe(201)
    return { id: body.id, key: body.api_key.secret, keyId: body.api_key.id, ownerId: body.owner.id }
  }
  const first = await createTenant()
  tenant = first

  return {
    app,
    deps,
    database: testDatabase,
    chain,
    tenant: first,
    request,
    createTenant,
    sql,

    async createKey(body = {}, key = first.key) {
      const answer = await request('POST', '/v3/api-keys', {
        key,
        body: { name: 'Test key', scopes: ['tenant:read'], ...body },
      })
      expect(answer.status, JSON.stringify(answer.body)).toBe(201)
      return answer.body.secret
    },

    async createEconomy({ key = first.key, status = 'active', ...body } = {}) {
      const answer = await request('POST', '/v3/economies', {
        key,
        body: { name: 'Acme Coin', symbol: `T${randomUUID().slice(0, 6).toUpperCase()}`, ...body },
      })
      expect(answer.status, JSON.stringify(answer.body)).toBe(202)
      await sql('UPDATE economy SET status = $1 WHERE company_user_id = $2', [
        status,
        uuidOfWire(answer.body.company_user_id),
      ])
      return answer.body
    },

    async close() {
      await app.close()
      await Promise.allSettled([database.close(), owner.end()])
      await testDatabase.drop()
    },
  }
}

const ENV = {
  NODE_ENV: 'test',
  REDIS_URL: 'redis://127.0.0.1:1',
  CHAINS: JSON.stringify([
    {
      id: 31_001,
      role: 'value',
      name: 'value',
      rpc_urls: ['http://127.0.0.1:1'],
      block_time_ms: 1000,
      finality_depth: 3,
    },
    {
      id: TEST_CHAIN,
      role: 'utility',
      name: 'utility',
      rpc_urls: ['http://127.0.0.1:1'],
      block_time_ms: 1000,
      finality_depth: 3,
    },
  ]),
  KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64url'),
  OPERATOR_KEY,
  OPEN_SIGN_UP: 'true',
  LOG_LEVEL: 'silent',
  PUBLIC_URL: 'http://localhost:3000',
}

/** Holds whatever the app answers to a test against its own description, however the test asks. */
function checkEveryAnswer(app: FastifyInstance): void {
  const inject = app.inject.bind(app)
  const checked = async (options: InjectOptions) => {
    const response = await inject(options)
    const url = typeof options.url === 'string' ? options.url : (options.url?.pathname ?? '/')
    // The document, as the plugin types it, is of all versions; ours is 3.1.
    const document = app.swagger() as unknown as OpenApi
    expectDeclared(document, options.method ?? 'GET', url, answerOf(response))
    return response
  }
  // No test of ours asks by a text or builds its request step by step.
  app.inject = checked as FastifyInstance['inject']
}

function answerOf(response: LightMyRequestResponse): Answer {
  const isJson = String(response.headers['content-type']).includes('json')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson ? response.json() : response.body,
  }
}

async function insertChain(sql: TestApi['sql'], chain: FakeChain): Promise<void> {
  await sql(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES ($1, 'utility', 'utility', 1000, 3, $2)`,
    [TEST_CHAIN, JSON.stringify(chain.contracts)],
  )
  await sql('INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, $2, $3, $4)', [
    ids.next(),
    TEST_CHAIN,
    `0x${randomBytes(20).toString('hex')}`,
    'x',
  ])
}

/** The UUID inside a wire id, for questions to the database. */
export function uuidOfWire(id: string): string {
  return TypeID.fromString(id).toUUID()
}
