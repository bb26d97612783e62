import { setTimeout as sleep } from 'node:timers/promises'
import type { V3Client } from '#apps/cli/v3-client.ts'
import type {
  WireEconomy,
  WireIssuedApiKey,
  WirePage,
  WireToken,
  WireTransaction,
  WireUserBatch,
} from '#apps/cli/wire.ts'
import { waitForEconomy } from '#apps/cli/wait-for-economy.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import type { Platform } from './platform.ts'

/** A business with a live economy, its people, and the ways they pay: all made through the API. */
export interface Partner {
  /** Speaks with a key of the whole tenant. */
  tenant: V3Client
  /** Speaks with a key of the economy. */
  client: V3Client
  key: WireIssuedApiKey
  economy: WireEconomy
  token: WireToken
  users: Holder[]
}

export interface Holder {
  id: string
  address: string
}

/** Of the amount, to the company; added on top. */
export const TIP_COMMISSION_BPS = 100

const TYPES = [
  { name: 'tip', kind: 'user_to_user', commission: { bps: TIP_COMMISSION_BPS } },
  { name: 'reward', kind: 'company_to_user' },
  { name: 'purchase', kind: 'user_to_company' },
]
const SETTLE_TIMEOUT_MS = 60_000
const POLL_MS = 100
/** In the order in which a transaction passes them, so that none slips by between two looks. */
const OPEN_STATUSES = ['queued', 'submitted', 'mined']

/** @param onProgress Told of every look at the economy while it comes to life. */
export async function createPartner(
  platform: Pick<Platform, 'createTenant'>,
  options: { users: number; onProgress?: (economy: WireEconomy) => void },
): Promise<Partner> {
  const tenant = await platform.createTenant()
  const created = await tenant.post<WireEconomy>('/v3/economies', { name: 'Acme Coin', symbol: 'ACME' })
  options.onProgress?.(created)
  const economy = await waitForEconomy(tenant, created.id, options.onProgress, SETTLE_TIMEOUT_MS)
  const key = await tenant.post<WireIssuedApiKey>('/v3/api-keys', {
    name: 'Game server',
    economy_id: economy.id,
    scopes: DATA_SCOPES,
  })
  const client = tenant.with({ key: key.secret })
  const users = await createUsers(client, options.users)
  for (const type of TYPES) await client.post('/v3/transaction-types', type)
  const token = await client.get<WireToken>('/v3/token')
  return { tenant, client, key, economy, token, users }
}

async function createUsers(client: V3Client, count: number): Promise<Holder[]> {
  const users = Array.from({ length: count }, (_, index) => ({ external_id: `player-${index}` }))
  const batch = await client.post<WireUserBatch>('/v3/users/batch', { users })
  return batch.data.map(({ user, problem }) => {
    if (!user) throw new Error(`a user was refused: ${problem?.detail}`)
    return { id: user.id, address: user.wallet.address.toLowerCase() }
  })
}

/** Waits until no transaction of the economy is under way. @throws when one still is after a minute, saying which. */
export async function untilAllEnded({ client }: Partner): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const open = await findOpen(client)
    if (open === undefined) return
    if (performance.now() > deadline) throw new Error(`${open.id} is still ${open.status}`)
    await sleep(POLL_MS)
  }
}

async function findOpen(client: V3Client): Promise<WireTransaction | undefined> {
  for (const status of OPEN_STATUSES) {
    const query = { status, limit: 1, order: 'asc' }
    const { data } = await client.get<WirePage<WireTransaction>>('/v3/transactions', query)
    if (data[0]) return data[0]
  }
  return undefined
}

/** Every transaction that the economy ever accepted. */
export async function transactionsOf({ client }: Partner): Promise<WireTransaction[]> {
  return collect(client.rows<WireTransaction>('/v3/transactions', { order: 'asc' }))
}

export async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}
