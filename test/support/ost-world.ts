import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type HDNodeWallet, Wallet } from 'ethers'
import { expect } from 'vitest'
import { parseForm } from '#apps/api/dialects/form.ts'
import { stringsToSign } from '#apps/api/dialects/strings-to-sign.ts'
import { CREDENTIAL_CACHE_MS } from '#apps/api/plugins/authenticate.ts'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { type TestApi, type TestTenant, uuidOfWire } from './api.ts'
import { insertEconomy } from './economy-fixture.ts'
import { inPath, type Served, type Value } from './ost-endpoints.ts'
import { AVAILABILITY } from './redemptions.ts'

/** Things of an economy that a request in a dialect may name. */
export const ID_KINDS = [
  'user',
  'peer',
  'company',
  'wallet',
  'rules',
  'action',
  'fixedName',
  'transaction',
  'execution',
  'airdrop',
  'transfer',
  'device',
  'deviceRow',
  'freeDevice',
  'session',
  'sessionRow',
  'recoveryOwner',
  'webhook',
  'redemption',
  'sku',
  'skuRow',
  'token',
  'chain',
] as const
export type IdKind = (typeof ID_KINDS)[number]
export type Ids = Readonly<Record<IdKind, string>>

interface Key {
  key: string
  secret: string
}

/** An economy with one of everything that the dialects name, and who may ask about it. */
export interface OstWorld {
  tenant: TestTenant
  economyId: string
  ids: Ids
  keys: { v1: Key; v2: Key }
  /** Signs for the device `ids.device` of the user `ids.user`. */
  signer: HDNodeWallet
}

const WHOLE = 10n ** 18n
const now = () => String(Math.floor(Date.now() / 1_000))

/** @param actionNumber The id of its action: they are counted in each economy, so two economies may have the same. */
export async function createOstWorld(
  api: TestApi,
  tenant: TestTenant,
  actionNumber = 10_100,
): Promise<OstWorld> {
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(tenant.id),
    balances: [10_000n * WHOLE, 0n],
    company: 1_000_000n * WHOLE,
  })
  const { economyId, companyId, tenantId } = economy
  const [user = '', peer = ''] = economy.userIds
  const wireId = toWire('eco', economyId)
  const ask = async (path: string, body: object) => {
    const options = { key: tenant.key, economy: wireId, once: randomUUID(), body }
    const answer = await api.request('POST', path, options)
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    return answer.body
  }
  const keyOf = async (algorithm: string): Promise<Key> => {
    const body = { name: 'SDK', scopes: [...DATA_SCOPES], economy_id: wireId, signing: { algorithm } }
    const made = await ask('/v3/api-keys', body)
    return { key: made.signing.public_key, secret: made.signing_secret }
  }
  const keys = { v1: await keyOf('ost-v1'), v2: await keyOf('ost-v2') }
  const signer = Wallet.createRandom()
  const [row] = await api.sql(
    `SELECT e.token_number, e.token_rules_address, e.chain_id, w.address FROM economy e JOIN wallet w ON w.economy_id = e.id
     WHERE e.id = $1 AND w.user_id = $2`,
    [economyId, user],
  )
  const address = () => `0x${randomBytes(20).toString('hex')}`
  const sayWith = async (by: 'v1' | 'v2', base: string, path: string, params: Record<string, Value>) => {
    const asked = { by, base, method: 'POST', path } as const
    const response = await api.app.inject(signed(asked, { keys }, path, queryOf(params)))
    expect(response.statusCode, response.body).toBe(200)
    return response.json().data
  }
  const register = (device: string, signerAddress: string) =>
    sayWith('v2', '/testnet/v2', `/users/${user}/devices`, {
      address: device,
      api_signer_address: signerAddress,
    })
  await ask('/v3/price-points', { currency: 'USD', price: '0.5' })
  const params = { name: 'Given', kind: 'user_to_user', currency: 'BT', arbitrary_amount: 'true' }
  await sayWith('v1', '/v1.1', '/actions', { ...params, commission_percent: '0' })
  await api.sql(`UPDATE transaction_type SET number = $2 WHERE economy_id = $1 AND name = 'Given'`, [
    economyId,
    actionNumber,
  ])
  const action = String(actionNumber)
  const fixedName = `Fixed ${randomBytes(4).toString('hex')}`
  await sayWith('v1', '/v1.1', '/actions', {
    name: fixedName,
    kind: 'user_to_user',
    currency: 'BT',
    arbitrary_amount: 'false',
    amount: '1',
    commission_percent: '0',
  })
  const [device, freeDevice, session, recoveryOwner] = [address(), address(), address(), address()]
  await register(device, signer.address)
  await register(freeDevice, Wallet.createRandom().address)
  const sessionRow = randomUUID()
  const own = [economyId, user, tenantId]
  await api.sql(
    `INSERT INTO wallet_session (economy_id, user_id, tenant_id, id, address, expiration_height, spending_limit, status)
     VALUES ($1, $2, $3, $4, $5, 500, 1000, 'authorized')`,
    [...own, sessionRow, session],
  )
  await api.sql(
    `INSERT INTO device_manager (economy_id, user_id, tenant_id, address, requirement, nonce, status) VALUES ($1, $2, $3, $4, 1, 0, 'activated')`,
    [...own, address()],
  )
  await api.sql(
    `INSERT INTO recovery_owner (economy_id, user_id, tenant_id, address, status) VALUES ($1, $2, $3, $4, 'authorized')`,
    [...own, recoveryOwner],
  )
  const [deviceRow] = await api.sql('SELECT id FROM device WHERE economy_id = $1 AND address = $2', [
    economyId,
    device,
  ])
  const sku = await ask('/v3/redeemable-skus', { name: 'Voucher', availability: AVAILABILITY })
  const [numbered] = await api.sql('SELECT number FROM redeemable_sku WHERE id = $1', [uuidOfWire(sku.id)])
  const redemption = await ask('/v3/redemptions', {
    user_id: toWire('usr', user),
    sku_id: sku.id,
    country_iso_code: 'US',
    amount: '10',
  })
  const rules = String(row?.['token_rules_address'])
  const wallet = String(row?.['address'])
  const execution = await sayWith('v2', '/testnet/v2', `/users/${companyId}/transactions`, {
    to: rules,
    raw_calldata: JSON.stringify({ method: 'directTransfers', parameters: [[wallet], ['1']] }),
    meta_property: { name: 'thanks', type: 'company_to_user', details: 'for it' },
  })
  const paid = { action_id: action, from_user_id: user, to_user_id: peer, amount: '1' }
  const transaction = await sayWith('v1', '/v1.1', '/transactions', paid)
  const airdrop = await sayWith('v1', '/v1.1', '/airdrops', { amount: '1', user_ids: peer })
  const transfer = await sayWith('v1', '/v1.1', '/transfers', { to_address: address(), amount: '1' })
  const webhook = await sayWith('v2', '/testnet/v2', '/webhooks', {
    url: `https://hooks.example.com/${randomUUID()}`,
    topics: ['transactions/success'],
  })
  return {
    tenant,
    economyId,
    keys,
    signer,
    ids: {
      user,
      peer,
      company: companyId,
      wallet,
      rules,
      action,
      fixedName,
      transaction: transaction.transaction.id,
      execution: execution.transaction.id,
      airdrop: airdrop.airdrop.id,
      transfer: transfer.transfer.id,
      device,
      deviceRow: String(deviceRow?.['id']),
      freeDevice,
      session,
      sessionRow,
      recoveryOwner,
      webhook: webhook.webhook.id,
      redemption: uuidOfWire(redemption.id),
      sku: String(numbered?.['number']),
      skuRow: uuidOfWire(sku.id),
      token: String(row?.['token_number']),
      chain: String(row?.['chain_id']),
    },
  }
}

/**
 * Makes the economies those of production, or of the sandbox: each base of v2 serves one of them. Returns when the api knows
 * its keys by nothing older.
 */
export async function moveTo(api: TestApi, environment: 'production' | 'sandbox'): Promise<void> {
  for (const table of ['economy', 'api_key'])
    await api.sql(`UPDATE ${table} SET environment = $1`, [environment])
  await setTimeout(CREDENTIAL_CACHE_MS)
}

const NAMED = new RegExp(`\\{(${ID_KINDS.join('|')}|any)\\}`, 'g')

/** The kinds that the value names, as `{user}` does. */
export function namedIn(value: Value): IdKind[] {
  const text = JSON.stringify(value)
  return ID_KINDS.filter((kind) => text.includes(`{${kind}}`))
}

/** The value with ids where it names kinds; `{any}` is text that is new each time. */
export function fillIn<Some extends Value>(value: Some, ids: Ids): Some {
  const put = (_all: string, kind: IdKind | 'any') =>
    kind === 'any' ? randomBytes(5).toString('hex') : ids[kind]
  const fill = (one: Value): Value => {
    if (typeof one === 'string') return one.replaceAll(NAMED, put)
    // Texts, as all lists of parameters are.
    if (Array.isArray(one)) return (one as string[]).map((text) => text.replaceAll(NAMED, put))
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, fill(inner)]))
  }
  return fill(value) as Some
}

/** The endpoint's path with ids in it. */
export function pathOf({ path, takes }: Served, ids: Ids): string {
  return path.replaceAll(/:(\w+)/g, (_all, name: string) => ids[inPath(path, name, takes)])
}

const strictly = (char: string) =>
  /[!'()*]/.test(char) ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : encodeURIComponent(char)

/** Percent-encoded, halves of surrogate pairs too: as the three bytes that they would be. */
export function escaped(text: string): string {
  return Array.from(text)
    .map((char) => {
      if (char.isWellFormed()) return strictly(char)
      const code = char.charCodeAt(0)
      const bytes = [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)]
      return bytes.map((byte) => `%${byte.toString(16)}`).join('')
    })
    .join('')
}

/** Levels of nesting that are written: more than are read, and fewer than a stack holds. */
const DEPTH_MAX = 100

/** `name=value` of a form, nested as the SDKs nest; null is a name alone. */
export function pairsOf(name: string, value: unknown, depth = 0): string[] {
  if (value === null || value === undefined || depth > DEPTH_MAX) return [name]
  if (Array.isArray(value)) return value.flatMap((one) => pairsOf(`${name}[]`, one, depth + 1))
  if (typeof value === 'object')
    return Object.entries(value).flatMap(([key, one]) => pairsOf(`${name}[${escaped(key)}]`, one, depth + 1))
  return [`${name}=${escaped(typeof value === 'string' ? value : JSON.stringify(value))}`]
}

export function queryOf(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .flatMap(([name, value]) => pairsOf(escaped(name), value))
    .join('&')
}

const NAMES = {
  v1: { timestamp: 'request_timestamp', signature: 'signature' },
  v2: { timestamp: 'api_request_timestamp', signature: 'api_signature' },
} as const

/** A request as it goes over the wire. */
export interface WireRequest {
  method: Served['method']
  url: string
  headers: Record<string, string>
  payload?: string
}

/** What a request says of itself, before it is signed: null leaves a name out. */
export type Claims = Readonly<Record<string, unknown>>

export function namesOf({ by }: Pick<Served, 'by'>) {
  return { key: 'api_key', kind: 'api_signature_kind', ...NAMES[by === 'v1' ? 'v1' : 'v2'] }
}

/**
 * A request that is signed as its dialect wants, whatever its parameters are.
 * @param path With ids in it, as it is sent, without its base.
 * @param query The parameters as they are sent.
 * @param claims What it says otherwise than it should about key, time and kind.
 */
export function signed(
  asked: Pick<Served, 'by' | 'base' | 'method'>,
  who: Pick<OstWorld, 'keys'> & Partial<OstWorld>,
  path: string,
  query: string,
  claims: Claims = {},
): WireRequest {
  const { by, base, method } = asked
  const names = namesOf(asked)
  const { keys, ids, signer } = who
  const usual: Claims = {
    [names.key]:
      by === 'device'
        ? `${ids?.token}.${ids?.user}.${ids?.device}.${signer?.address}`
        : keys[by === 'v1' ? 'v1' : 'v2'].key,
    [names.timestamp]: now(),
    ...(by !== 'v1' && { [names.kind]: by === 'device' ? 'OST1-PS' : 'OST1-HMAC-SHA256' }),
  }
  const unsigned = [query, queryOf({ ...usual, ...claims })].filter((text) => text !== '').join('&')
  const message = messageOf(path, unsigned, names.signature)
  const signature =
    by === 'device'
      ? signer?.signMessageSync(message)
      : createHmac('sha256', keys[by === 'v1' ? 'v1' : 'v2'].secret)
          .update(message)
          .digest('hex')
  return sent(method, `${base}${path}`, `${unsigned}&${names.signature}=${signature}`)
}

/** Parameters on their way: in the body of a POST, else in the query. */
export function sent(method: Served['method'], url: string, query: string): WireRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return method === 'POST'
    ? { method, url, headers, payload: query }
    : { method, url: `${url}?${query}`, headers }
}

function messageOf(path: string, query: string, signatureName: string): string {
  try {
    return stringsToSign(path, parseForm(query).pairs, signatureName)[0] ?? ''
  } catch {
    // What no form is, nobody can sign.
    return `${path}?${query}`
  }
}
