import type { IdKind } from './ost-world.ts'

export type Method = 'GET' | 'POST' | 'DELETE'
export type Value = string | readonly string[] | { readonly [name: string]: Value }

/** What an endpoint of a dialect may be given. */
export interface Takes {
  /** Parameters that it takes as they are, once `{user}` and the like are filled in with ids of the asking economy. */
  params?: Readonly<Record<string, Value>>
  /** Names of parameters that it reads besides, but not together with those. */
  also?: readonly string[]
  /** What stands in its path where that is not {@link inPath}'s. */
  path?: Readonly<Record<string, IdKind>>
  /** Whose ids its pages go on after. */
  pagesBy?: IdKind
}

/** Method, path, and then, where nothing has been made yet: status, and result type or code of the refusal. */
export type Endpoint = readonly [Method, string, number, string, Takes]

const ADDRESS = `0x${'12'.repeat(20)}`
const ZERO = `0x${'0'.repeat(40)}`
const SIGNATURE = `0x${'ab'.repeat(65)}`
const PAGE = ['page_no', 'limit', 'order_by', 'order']
const V2_PAGE = ['limit', 'pagination_identifier']
const NONE: Takes = {}

/** The reference of v2, sections 5 and 6: what the business's server asks. */
export const V2_BY_KEY: readonly Endpoint[] = [
  ['POST', '/users', 200, 'user', NONE],
  ['GET', '/users', 200, 'users', { params: { ids: ['{user}'] }, also: V2_PAGE, pagesBy: 'user' }],
  ['GET', '/users/:user_id', 200, 'user', NONE],
  [
    'POST',
    '/users/:user_id/devices',
    200,
    'device',
    { params: { address: '{freeDevice}', api_signer_address: ADDRESS } },
  ],
  [
    'GET',
    '/users/:user_id/devices',
    200,
    'devices',
    { params: { addresses: ['{device}'] }, also: V2_PAGE, pagesBy: 'deviceRow' },
  ],
  ['GET', '/users/:user_id/devices/:device_address', 200, 'device', NONE],
  [
    'GET',
    '/users/:user_id/sessions',
    200,
    'sessions',
    { params: { addresses: ['{session}'] }, also: V2_PAGE, pagesBy: 'sessionRow' },
  ],
  ['GET', '/users/:user_id/sessions/:session_address', 404, 'NOT_FOUND', NONE],
  ['GET', '/users/:user_id/device-managers', 404, 'NOT_FOUND', NONE],
  ['GET', '/users/:user_id/recovery-owners/:recovery_owner_address', 404, 'NOT_FOUND', NONE],
  ['GET', '/users/:user_id/balance', 200, 'balance', NONE],
  [
    // A user is not the company.
    'POST',
    '/users/:user_id/transactions',
    403,
    'REQUEST_FORBIDDEN',
    {
      path: { user_id: 'company' },
      params: {
        to: '{rules}',
        raw_calldata: '{"method":"directTransfers","parameters":[["{wallet}"],["1"]]}',
        meta_property: { name: 'thanks', type: 'company_to_user', details: 'for it' },
      },
    },
  ],
  [
    'GET',
    '/users/:user_id/transactions',
    200,
    'transactions',
    {
      params: { statuses: ['CREATED'], start_time: '1500000000', end_time: '1999999999' },
      also: ['meta_properties', ...V2_PAGE],
    },
  ],
  ['GET', '/users/:user_id/transactions/:transaction_id', 404, 'NOT_FOUND', NONE],
  ['GET', '/tokens', 200, 'token', NONE],
  ['GET', '/rules', 200, 'rules', NONE],
  ['GET', '/chains/:chain_id', 200, 'chain', NONE],
  ['GET', '/chains/:chain_id/price-points', 200, 'price_point', NONE],
  ['GET', '/base-tokens', 200, 'base_tokens', NONE],
  [
    'POST',
    '/webhooks',
    200,
    'webhook',
    { params: { url: 'https://hooks.example.com/', topics: ['transactions/success'], status: 'active' } },
  ],
  ['GET', '/webhooks', 200, 'webhooks', { also: V2_PAGE, pagesBy: 'webhook' }],
  ['GET', '/webhooks/:webhook_id', 400, 'BAD_REQUEST', NONE],
  [
    'POST',
    '/webhooks/:webhook_id',
    400,
    'BAD_REQUEST',
    { params: { topics: ['transactions/success'], status: 'inactive' } },
  ],
  ['DELETE', '/webhooks/:webhook_id', 400, 'BAD_REQUEST', NONE],
  [
    'GET',
    '/users/:user_id/redemptions',
    200,
    'redemptions',
    { params: { redemption_ids: ['{redemption}'] }, also: V2_PAGE, pagesBy: 'redemption' },
  ],
  ['GET', '/users/:user_id/redemptions/:redemption_id', 404, 'NOT_FOUND', NONE],
  [
    'GET',
    '/redeemable-skus',
    200,
    'redemption_products',
    { params: { redeemable_sku_ids: ['{sku}'] }, also: V2_PAGE, pagesBy: 'skuRow' },
  ],
  ['GET', '/redeemable-skus/:redeemable_sku_id', 404, 'NOT_FOUND', NONE],
  ['GET', '/tokens/:token_id/validate-domain', 400, 'BAD_REQUEST', { params: { domain: 'example.com' } }],
]

const ORDER: Takes = {
  params: {
    to: ADDRESS,
    ...Object.fromEntries(
      ['value', 'operation', 'safe_tx_gas', 'data_gas', 'gas_price'].map((name) => [name, '0']),
    ),
    calldata: '0x12',
    raw_calldata: '{"method":"x"}',
    gas_token: ZERO,
    refund_receiver: ZERO,
    signatures: SIGNATURE,
    signers: [ADDRESS],
    nonce: '0',
  },
}
const RECOVERY: Takes = {
  params: {
    old_linked_address: ADDRESS,
    old_device_address: ADDRESS,
    new_device_address: `0x${'34'.repeat(20)}`,
    signature: SIGNATURE,
    signer: ADDRESS,
    to: ADDRESS,
  },
}

/** What a user's device asks, and nobody else. */
export const V2_BY_DEVICE: readonly (readonly ['GET' | 'POST', string, Takes])[] = [
  ['GET', '/users/:user_id/token-holder', NONE],
  ['GET', '/users/:user_id/salts', NONE],
  ['GET', '/users/:user_id/devices/pending-recovery', NONE],
  [
    'POST',
    '/users/:user_id/activate-user',
    {
      params: {
        device_address: ADDRESS,
        recovery_owner_address: ADDRESS,
        session_addresses: [ADDRESS],
        expiration_height: '1',
        spending_limit: '1',
      },
    },
  ],
  ['POST', '/users/:user_id/devices/authorize', ORDER],
  ['POST', '/users/:user_id/devices/revoke', ORDER],
  ['POST', '/users/:user_id/sessions/authorize', ORDER],
  ['POST', '/users/:user_id/sessions/revoke', ORDER],
  ['POST', '/users/:user_id/token-holder/logout', ORDER],
  ['POST', '/users/:user_id/devices/initiate-recovery', RECOVERY],
  ['POST', '/users/:user_id/devices/abort-recovery', RECOVERY],
  [
    'POST',
    '/users/:user_id/recovery-owners',
    {
      params: { new_recovery_owner_address: ADDRESS, signature: SIGNATURE, signer: ADDRESS, to: ADDRESS },
    },
  ],
]

const ACTION = {
  kind: 'user_to_user',
  currency: 'USD',
  arbitrary_amount: 'false',
  amount: '1.5',
  arbitrary_commission: 'false',
  commission_percent: '1',
}

/** The reference of v1, sections 6 and 7. */
export const V1: readonly Endpoint[] = [
  ['POST', '/users', 200, 'user', { params: { name: 'Alice Once' } }],
  ['POST', '/users/:id', 400, 'BAD_REQUEST', { params: { name: 'Alice Again' } }],
  ['GET', '/users/:id', 400, 'BAD_REQUEST', NONE],
  ['GET', '/users', 200, 'users', { params: { id: '{user},{peer}' }, also: ['airdropped', ...PAGE] }],
  ['POST', '/actions', 400, 'BAD_REQUEST', { params: { name: 'Thanks {any}', ...ACTION } }],
  [
    'POST',
    '/actions/:id',
    400,
    'BAD_REQUEST',
    { params: { name: 'Thanks {any}' }, also: Object.keys(ACTION) },
  ],
  ['GET', '/actions/:id', 404, 'NOT_FOUND', NONE],
  [
    'GET',
    '/actions',
    200,
    'actions',
    { params: { id: '{action}' }, also: ['name', ...Object.keys(ACTION), ...PAGE] },
  ],
  [
    'POST',
    '/transactions',
    400,
    'BAD_REQUEST',
    {
      params: { action_id: '{action}', from_user_id: '{user}', to_user_id: '{peer}', amount: '1' },
      also: ['commission_percent'],
    },
  ],
  ['GET', '/transactions/:id', 404, 'NOT_FOUND', NONE],
  ['GET', '/transactions', 200, 'transactions', { params: { id: '{transaction}' }, also: PAGE }],
  [
    'POST',
    '/airdrops',
    400,
    'BAD_REQUEST',
    { params: { amount: '1', user_ids: '{peer}' }, also: ['airdropped'] },
  ],
  ['GET', '/airdrops/:id', 404, 'NOT_FOUND', NONE],
  ['GET', '/airdrops', 200, 'airdrops', { params: { id: '{airdrop}' }, also: ['current_status', ...PAGE] }],
  ['GET', '/token', 200, 'token', NONE],
  ['POST', '/transfers', 400, 'BAD_REQUEST', { params: { to_address: ADDRESS, amount: '1' } }],
  ['GET', '/transfers/:id', 404, 'NOT_FOUND', NONE],
  ['GET', '/transfers', 200, 'transfers', { params: { id: '{transfer}' }, also: PAGE }],
]

export const ONLY_V11: readonly Endpoint[] = [
  ['GET', '/balances/:id', 404, 'NOT_FOUND', NONE],
  ['GET', '/ledger/:id', 400, 'BAD_REQUEST', { also: ['status', ...PAGE] }],
]

const V0_TERMS = { currency_type: 'USD', currency_value: '1.5', commission_percent: '1' }

export const V0: readonly Endpoint[] = [
  ['POST', '/users/create', 200, 'economy_users', { params: { name: 'Alice Once' } }],
  ['POST', '/users/edit', 400, 'BAD_REQUEST', { params: { uuid: '{user}', name: 'Alice Again' } }],
  ['GET', '/users/list', 200, 'economy_users', { also: ['filter', ...PAGE] }],
  ['POST', '/users/airdrop/drop', 400, 'BAD_REQUEST', { params: { amount: '1', list_type: 'all' } }],
  ['GET', '/users/airdrop/status', 400, 'BAD_REQUEST', { params: { airdrop_uuid: '{airdrop}' } }],
  [
    'POST',
    '/transaction-types/create',
    400,
    'BAD_REQUEST',
    { params: { name: 'Thanks {any}', kind: 'user_to_user', ...V0_TERMS } },
  ],
  [
    'POST',
    '/transaction-types/edit',
    400,
    'BAD_REQUEST',
    { params: { client_transaction_id: '{action}' }, also: ['name', ...Object.keys(V0_TERMS)] },
  ],
  ['GET', '/transaction-types/list', 200, 'transaction_types', { also: ['page_no'] }],
  [
    'POST',
    '/transaction-types/execute',
    400,
    'BAD_REQUEST',
    { params: { transaction_kind: '{fixedName}', from_uuid: '{user}', to_uuid: '{peer}' } },
  ],
  [
    'POST',
    '/transaction-types/status',
    400,
    'BAD_REQUEST',
    { params: { transaction_uuids: ['{transaction}'] } },
  ],
]

/** What the `:id` of v1's paths is, by what stands before it. */
const V1_IDS: Readonly<Record<string, IdKind>> = {
  users: 'user',
  balances: 'user',
  ledger: 'user',
  actions: 'action',
  transactions: 'transaction',
  airdrops: 'airdrop',
  transfers: 'transfer',
}

/** What the names in v2's paths are. */
const V2_IDS: Readonly<Record<string, IdKind>> = {
  user_id: 'user',
  device_address: 'device',
  session_address: 'session',
  recovery_owner_address: 'recoveryOwner',
  transaction_id: 'execution',
  chain_id: 'chain',
  webhook_id: 'webhook',
  redemption_id: 'redemption',
  redeemable_sku_id: 'sku',
  token_id: 'token',
}

/** What `:name` in the path of an endpoint stands for. @throws where nobody has said so yet */
export function inPath(path: string, name: string, { path: own = {} }: Takes): IdKind {
  const kind = own[name] ?? (name === 'id' ? V1_IDS[path.split('/')[1] ?? ''] : V2_IDS[name])
  if (kind === undefined) throw new Error(`nobody has said what ${name} is in ${path}`)
  return kind
}

/** An endpoint where it is served, and who asks it. */
export interface Served {
  by: 'v1' | 'v2' | 'device' | 'anybody'
  base: string
  method: Method
  path: string
  takes: Takes
}

/** Every endpoint of every dialect. */
export function everyEndpoint(): Served[] {
  const v1 = (base: string, endpoints: readonly Endpoint[]) =>
    endpoints.map(([method, path, , , takes]): Served => ({ by: 'v1', base, method, path, takes }))
  const v2 = (base: string): Served[] => [
    ...V2_BY_KEY.map(([method, path, , , takes]): Served => {
      const by = path.endsWith('/validate-domain') ? 'anybody' : 'v2'
      return { by, base, method, path, takes }
    }),
    ...V2_BY_DEVICE.map(([method, path, takes]): Served => ({ by: 'device', base, method, path, takes })),
  ]
  return [
    ...v1('/v1.1', [...V1, ...ONLY_V11]),
    ...v1('/v1', V1),
    ...v1('', V0),
    ...v2('/testnet/v2'),
    ...v2('/mainnet/v2'),
  ]
}
