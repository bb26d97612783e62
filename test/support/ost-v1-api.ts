import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { DATA_SCOPES, type Scope } from '#core/tenant/scopes.ts'
import { type Answer, startApi, type TestApi, uuidOfWire } from './api.ts'
import { type EconomyFixture, insertEconomy } from './economy-fixture.ts'
import { carryTo } from './mined-submission.ts'
import { type OstKey, type Params, type Sdk, SDKS } from './ost-sdk.ts'

export const TOKEN = 10n ** 18n

export interface OstV1Api {
  api: TestApi
  economy: EconomyFixture
  key: OstKey
  /** Of another tenant's economy. */
  stranger: OstKey
  strangers: EconomyFixture
  alice: string
  bob: string
  /** A call as an SDK makes it; its answer has exactly the keys of the envelope. */
  call(method: 'GET' | 'POST', path: string, params?: Params, options?: CallOptions): Promise<Answer>
  /** A call that must succeed: what stands under `data`. */
  data(method: 'GET' | 'POST', path: string, params?: Params, options?: CallOptions): Promise<Answer['body']>
  keyWith(...scopes: Scope[]): Promise<OstKey>
  /** Marks transactions as the indexer does when their block is there. */
  mine(ids?: readonly string[]): Promise<void>
  /** An airdrop of whole tokens that a user has received. */
  airdrop(userId: string, tokens: bigint): Promise<void>
}

interface CallOptions {
  as?: OstKey
  sdk?: Sdk
  /** What stands before the path: the version. */
  base?: string
}

/** Starts the API before the file's tests: Alice has 1,000 tokens, Bob none, the company 10,000. */
export function useOstV1Api(options: Parameters<typeof startApi>[0] = {}): OstV1Api {
  // Filled before the first test looks at it.
  const ctx = {} as OstV1Api
  beforeAll(async () => {
    const api = await startApi(options)
    const economy = await fundedEconomy(api, api.tenant.id)
    const other = await api.createTenant()
    const strangers = await fundedEconomy(api, other.id)
    const keyWith = (...scopes: Scope[]) => createKey(api, economy, api.tenant.key, scopes)
    const key = await keyWith(...DATA_SCOPES)
    const call: OstV1Api['call'] = async (
      method,
      path,
      params = {},
      { as = key, sdk = 'js', base = '/v1.1' } = {},
    ) => {
      const response = await api.app.inject(SDKS[sdk](as, method, base, path, params))
      const answer = { status: response.statusCode, headers: response.headers, body: response.json() }
      expect(Object.keys(answer.body)).toEqual(['success', answer.status === 200 ? 'data' : 'err'])
      if (answer.status !== 200)
        expect(Object.keys(answer.body.err).toSorted()).toEqual(['code', 'error_data', 'internal_id', 'msg'])
      return answer
    }
    const [alice = '', bob = ''] = economy.userIds
    Object.assign(ctx, {
      api,
      economy,
      strangers,
      key,
      stranger: await createKey(api, strangers, other.key, [...DATA_SCOPES]),
      alice,
      bob,
      call,
      keyWith,
      async data(method, path, params, more) {
        const { status, body } = await call(method, path, params, more)
        expect(status, JSON.stringify(body)).toBe(200)
        return body.data
      },
      async mine(ids) {
        const queued = await api.sql(
          `SELECT id FROM transaction WHERE economy_id = $1 AND status = 'queued' AND ($2::uuid[] IS NULL OR id = ANY ($2))`,
          [economy.economyId, ids ?? null],
        )
        await carryTo(
          api.sql,
          queued.map(({ id }) => String(id)),
          'mined',
        )
      },
      async airdrop(userId, tokens) {
        const { body } = await api.request('POST', '/v3/transactions', {
          economy: toWire('eco', economy.economyId),
          once: randomUUID(),
          body: { type: 'reward', to_user_id: toWire('usr', userId), amount: (tokens * TOKEN).toString() },
        })
        const id = uuidOfWire(body.id)
        await api.sql('UPDATE transaction SET airdrop_id = gen_random_uuid() WHERE id = $1', [id])
        await carryTo(api.sql, [id], 'mined')
        await api.sql('UPDATE account SET settled = settled + $2 WHERE id = $1', [
          userId,
          (tokens * TOKEN).toString(),
        ])
      },
    } satisfies OstV1Api)
  })
  afterAll(async () => ctx.api.close())
  return ctx
}

function fundedEconomy(api: TestApi, tenantId: string): Promise<EconomyFixture> {
  return insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(tenantId),
    balances: [1_000n * TOKEN, 0n],
    company: 10_000n * TOKEN,
  })
}

async function createKey(
  api: TestApi,
  economy: EconomyFixture,
  key: string,
  scopes: Scope[],
): Promise<OstKey> {
  const { status, body } = await api.request('POST', '/v3/api-keys', {
    key,
    body: {
      name: 'SDK',
      economy_id: toWire('eco', economy.economyId),
      scopes,
      signing: { algorithm: 'ost-v1' },
    },
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return { key: body.signing.public_key, secret: body.signing_secret }
}

/** Which parameters a refusal blames. */
export function blamed({ status, body }: Answer): { status: number; code: string; parameters: string[] } {
  return {
    status,
    code: body.err?.code,
    parameters: (body.err?.error_data ?? []).map(({ parameter }: { parameter: string }) => parameter),
  }
}

/** A refusal as {@link blamed} shows it. */
export const badRequest = (...parameters: string[]) => ({ status: 400, code: 'BAD_REQUEST', parameters })
export const notFound = { status: 404, code: 'NOT_FOUND', parameters: [] }

/** No key without the scope, and no request without a key. */
export async function expectGuarded(
  ctx: OstV1Api,
  method: 'GET' | 'POST',
  path: string,
  scope: Scope,
): Promise<void> {
  const others = await ctx.keyWith(...DATA_SCOPES.filter((other) => other !== scope))
  expect(blamed(await ctx.call(method, path, {}, { as: others }))).toMatchObject({
    status: 403,
    code: 'REQUEST_FORBIDDEN',
  })
  const wrong = { ...ctx.key, secret: 'wrong' }
  expect(blamed(await ctx.call(method, path, {}, { as: wrong }))).toMatchObject({
    status: 401,
    code: 'UNAUTHORIZED',
  })
}
