import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATA_SCOPES, type Scope } from '#core/tenant/scopes.ts'
import { type Answer, type RequestOptions, startApi, type TestApi, uuidOfWire } from './api.ts'

/** The API with one active economy, a key of it for everything, and another tenant with an economy of its own. */
export interface EconomyApi {
  api: TestApi
  economyId: string
  companyUserId: string
  key: string
  /** Another tenant's key, of that tenant's own economy. */
  strangerKey: string
  /** A request with the economy's key. */
  call(method: InjectOptions['method'], url: string, options?: RequestOptions): Promise<Answer>
  /** A POST that must succeed; answers the body. */
  create(url: string, body: unknown): Promise<Answer['body']>
  keyWith(...scopes: Scope[]): Promise<string>
  configVersion(): Promise<unknown>
  /** Topics of the events about a thing, oldest first. */
  topicsOf(id: string): Promise<unknown[]>
  /** Actions of the audit log about a thing, oldest first. */
  actsOn(id: string): Promise<unknown[]>
}

/** Starts the API before the file's tests and ends it after them. */
export function useEconomyApi(options: Parameters<typeof startApi>[0] = {}): EconomyApi {
  // Filled before the first test looks at it.
  const ctx = {} as EconomyApi
  beforeAll(async () => {
    const api = await startApi(options)
    const economy = await api.createEconomy()
    const keyWith = (...scopes: Scope[]) => api.createKey({ scopes, economy_id: economy.id })
    const stranger = await api.createTenant()
    const strange = await api.createEconomy({ key: stranger.key })
    const key = await keyWith(...DATA_SCOPES)
    const call: EconomyApi['call'] = (method, url, more) => api.request(method, url, { key, ...more })
    Object.assign(ctx, {
      api,
      economyId: economy.id,
      companyUserId: economy.company_user_id,
      key,
      strangerKey: await api.createKey({ scopes: [...DATA_SCOPES], economy_id: strange.id }, stranger.key),
      call,
      keyWith,
      async create(url, body) {
        const answer = await call('POST', url, { body })
        expect(answer.status, JSON.stringify(answer.body)).toBe(201)
        return answer.body
      },
      async configVersion() {
        const [row] = await api.sql('SELECT config_version FROM economy WHERE id = $1', [
          uuidOfWire(economy.id),
        ])
        return row?.['config_version']
      },
      async topicsOf(id) {
        const sql = 'SELECT topic FROM outbox_event WHERE subject_id = $1 ORDER BY id'
        return (await api.sql(sql, [uuidOfWire(id)])).map((row) => row['topic'])
      },
      async actsOn(id) {
        const sql = 'SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY id'
        return (await api.sql(sql, [uuidOfWire(id)])).map((row) => row['action'])
      },
    } satisfies EconomyApi)
  })
  afterAll(async () => ctx.api.close())
  return ctx
}

/** What every route of the data plane refuses, whatever it is for. `url` may be asked for late: ids are not known before. */
export function itIsGuarded(
  ctx: EconomyApi,
  method: InjectOptions['method'],
  url: string | (() => string),
  scope: Scope,
  body?: unknown,
): void {
  const ask = (options: RequestOptions) =>
    ctx.call(method, typeof url === 'string' ? url : url(), {
      ...(body !== undefined && { body }),
      ...options,
    })

  describe('401 and 403', () => {
    it('refuses a request without a key', async () => {
      expect(await ask({ key: null })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    })

    it(`refuses a key without the scope ${scope}`, async () => {
      const others = DATA_SCOPES.filter((other) => other !== scope)
      const answer = await ask({ key: await ctx.keyWith(...others) })
      expect(answer).toMatchObject({ status: 403, body: { code: 'scope_missing' } })
    })
  })

  describe('400: which economy', () => {
    it('refuses a key of the whole tenant that names none', async () => {
      const key = await ctx.api.createKey({ scopes: [scope] })
      expect(await ask({ key })).toMatchObject({ status: 400, body: { code: 'economy_required' } })
    })
  })
}

/** Another tenant's id answers exactly as an unknown one, body included. */
export function itHidesFromStrangers(
  ctx: EconomyApi,
  method: InjectOptions['method'],
  url: (id: string) => string,
  ids: { own: () => string; unknown: string },
  code: string,
  body?: unknown,
): void {
  describe('404', () => {
    const ask = async (id: string, key: string) => {
      const answer = await ctx.call(method, url(id), { key, ...(body !== undefined && { body }) })
      const { request_id: _id, instance: _instance, ...rest } = answer.body
      return { status: answer.status, body: rest }
    }

    it('answers the same for an unknown id, a malformed one, and one of another tenant', async () => {
      const unknown = await ask(ids.unknown, ctx.key)
      expect(unknown).toMatchObject({ status: 404, body: { code } })
      expect(await ask('nonsense', ctx.key)).toEqual(unknown)
      expect(await ask(ids.own(), ctx.strangerKey)).toEqual(unknown)
    })
  })
}
