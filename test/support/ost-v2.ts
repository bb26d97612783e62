import { createHmac } from 'node:crypto'
import { type HDNodeWallet, Wallet } from 'ethers'
import { afterAll, beforeAll, expect } from 'vitest'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { type Answer, startApi, type TestApi, uuidOfWire } from './api.ts'
import { type EconomyFixture, insertEconomy } from './economy-fixture.ts'

export type Params = {
  [name: string]: string | number | boolean | null | readonly (string | null)[] | Params
}

const asText = (value: boolean | null) => (value === null ? '' : String(value))

/**
 * How an SDK writes: whether it ends paths with a slash, whether lists have indexes on the wire (an early PHP), what it makes of
 * null and booleans, and what it sends otherwise than it signs it.
 */
export const SDKS = {
  js: { slash: false, indexes: false, special: asText, send: (query: string) => query },
  ruby: { slash: true, indexes: false, special: asText, send: (query: string) => query },
  php: {
    slash: true,
    indexes: true,
    special: (value: boolean | null) => (value === true ? '1' : ''),
    send: (query: string) => query,
  },
  // Its HTTP library escapes the tilde of a form that is escaped already.
  java: {
    slash: true,
    indexes: false,
    special: asText,
    send: (query: string) => query.replaceAll('~', '%7E'),
  },
} as const
export type Sdk = keyof typeof SDKS

const strictly = (text: string) =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

/** Sorted at each level, brackets escaped; what is empty is not there. */
function pairs(params: Params, indexes: boolean, within = '', special = asText): string[] {
  const name = (key: string) => (within === '' ? strictly(key) : `${within}%5B${strictly(key)}%5D`)
  return Object.keys(params)
    .toSorted()
    .flatMap((key) => {
      const value = params[key]
      if (value === null || typeof value === 'boolean') return [`${name(key)}=${special(value)}`]
      if (Array.isArray(value))
        return value.map((one, at) => `${name(key)}%5B${indexes ? at : ''}%5D=${strictly(String(one ?? ''))}`)
      if (typeof value === 'object') return pairs(value as Params, indexes, name(key), special)
      return [`${name(key)}=${strictly(String(value))}`]
    })
}

export interface OstV2 {
  api: TestApi
  economy: EconomyFixture
  tokenNumber: number
  rulesAddress: string
  addressOf(userId: string): Promise<string>
  /** As the business's server. */
  call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    params?: Params,
    options?: { sdk?: Sdk; base?: string; key?: OstKey; at?: number; send?: Params },
  ): Promise<Answer>
  /** As a device of the user. */
  callAs(device: TestDevice, method: 'GET' | 'POST', path: string, params?: Params): Promise<Answer>
  register(userId: string): Promise<TestDevice>
  stranger: OstKey
}

export interface OstKey {
  key: string
  secret: string
}

export interface TestDevice {
  userId: string
  address: string
  signer: HDNodeWallet
}

const now = () => Math.floor(Date.now() / 1_000)

/** Calls of the business's server with this key. */
export function ostCaller(api: TestApi, key: OstKey): OstV2['call'] {
  return async (method, path, params = {}, options = {}) => {
    const { sdk = 'js', base = '/testnet/v2', key: used = key, at = now(), send = {} } = options
    const { slash, indexes, special, send: overWire } = SDKS[sdk]
    const resource = slash ? `${path}/` : path
    const all = {
      ...params,
      api_key: used.key,
      api_request_timestamp: at,
      api_signature_kind: 'OST1-HMAC-SHA256',
    }
    const signed = `${resource}?${pairs(all, false, '', special).join('&')}`
    const signature = createHmac('sha256', used.secret).update(signed).digest('hex')
    const sent = pairs({ ...all, api_signature: signature, ...send }, indexes, '', special).join('&')
    return send_(api, method, base, resource, method === 'POST' ? overWire(sent) : sent)
  }
}

/** The API with an economy of three users, whose company has 10,000 whole tokens, and another tenant's key. */
export function useOstV2(options: Parameters<typeof startApi>[0] = {}): OstV2 {
  const ctx = {} as OstV2
  beforeAll(async () => {
    const api = await startApi(options)
    const economy = await anEconomy(api, api.tenant.id)
    const [row] = await api.sql('SELECT token_number, token_rules_address FROM economy WHERE id = $1', [
      economy.economyId,
    ])
    const key = await createOstKey(api, economy)
    const other = await api.createTenant()
    Object.assign(ctx, {
      api,
      economy,
      tokenNumber: Number(row?.['token_number']),
      rulesAddress: String(row?.['token_rules_address']),
      stranger: await createOstKey(api, await anEconomy(api, other.id), other.key),
      async addressOf(userId) {
        const [wallet] = await api.sql('SELECT address FROM wallet WHERE user_id = $1', [userId])
        return String(wallet?.['address'])
      },
      call: ostCaller(api, key),
      async callAs(device, method, path, params = {}) {
        const all = {
          ...params,
          api_key: `${ctx.tokenNumber}.${device.userId}.${device.address}.${device.signer.address}`,
          api_request_timestamp: now(),
          api_signature_kind: 'OST1-PS',
        }
        const signature = await device.signer.signMessage(`${path}?${pairs(all, false).join('&')}`)
        return send_(
          api,
          method,
          '/testnet/v2',
          path,
          pairs({ ...all, api_signature: signature }, false).join('&'),
        )
      },
      async register(userId) {
        const [signer, address] = [Wallet.createRandom(), Wallet.createRandom().address.toLowerCase()]
        const body = { address, api_signer_address: signer.address }
        const answer = await ctx.call('POST', `/users/${userId}/devices`, body)
        expect(answer.status, JSON.stringify(answer.body)).toBe(200)
        return { userId, address, signer }
      },
    } satisfies OstV2)
  })
  afterAll(() => ctx.api.close())
  return ctx
}

async function send_(
  api: TestApi,
  method: 'GET' | 'POST' | 'DELETE',
  base: string,
  resource: string,
  sent: string,
): Promise<Answer> {
  const isPost = method === 'POST'
  // What Java says with every request without a body.
  const headers = { 'content-type': isPost ? 'application/x-www-form-urlencoded' : 'x-www-form-urlencoded' }
  const response = await api.app.inject({
    method,
    url: isPost ? `${base}${resource}` : `${base}${resource}?${sent}`,
    headers,
    ...(isPost && { payload: sent }),
  })
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

function anEconomy(api: TestApi, tenantId: string): Promise<EconomyFixture> {
  return insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(tenantId),
    balances: [0n, 0n, 0n],
    company: 10_000n * 10n ** 18n,
  })
}

/** A key of the economy that signs as the SDKs of 2019 do. */
export async function createOstKey(
  api: TestApi,
  { economyId }: Pick<EconomyFixture, 'economyId'>,
  key?: string,
): Promise<OstKey> {
  const { status, body } = await api.request('POST', '/v3/api-keys', {
    ...(key !== undefined && { key }),
    body: {
      name: 'SDK',
      scopes: [...DATA_SCOPES],
      economy_id: toWire('eco', economyId),
      signing: { algorithm: 'ost-v2' },
    },
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return { key: body.signing.public_key, secret: body.signing_secret }
}
