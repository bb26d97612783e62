import type { Answer, Call } from '#apps/cli/call.ts'
import type { V3Client } from '#apps/cli/v3-client.ts'
import type { WireBalance, WireToken, WireTransaction } from '#apps/cli/wire.ts'
import { Books, type StagedEconomy } from '#scripts/simulate/stage.ts'
import { planWorld } from '#scripts/simulate/world.ts'

/** An economy of two people whose API says what a test makes it say. */
export interface FakeEconomy {
  economy: StagedEconomy
  /** What the API lists. */
  transactions: WireTransaction[]
  balances: Map<string, WireBalance>
  token: WireToken
  /** Answers POST requests. */
  onPost: (call: Call) => Promise<Answer<unknown>>
}

export const ADDRESS = { company: '0xc0', alice: '0xa1', bob: '0xb0' }

export function fakeEconomy(): FakeEconomy {
  const [planned] = planWorld({ seed: 'fake', economies: 1, users: 6, transfers: 10 }).economies
  if (!planned) throw new Error('a world has an economy')
  const plan = { ...planned, users: planned.users.slice(0, 2), start: 100n, initialGrant: 1_000n }
  const token: WireToken = {
    object: 'token',
    rules_address: '0x71',
    rates: [],
    economy_id: 'eco_1',
    economy_status: 'active',
    name: plan.name,
    symbol: plan.symbol,
    decimals: plan.decimals,
    chain_id: 1,
    address: '0x70',
    supply: '1000',
    company: { user_id: 'company', address: ADDRESS.company, settled: '0', held: '0', available: '0' },
    last_indexed_block: 50,
  }
  const fake: FakeEconomy = {
    transactions: [],
    balances: new Map(),
    token,
    onPost: () => Promise.reject(new Error('this test sends nothing')),
    economy: {
      plan,
      id: 'eco_1',
      token: '0x70',
      company: { id: 'company', address: ADDRESS.company },
      users: [
        { id: 'alice', address: ADDRESS.alice },
        { id: 'bob', address: ADDRESS.bob },
      ],
      books: new Books(),
      client: {} as V3Client,
    },
  }
  fake.economy.client = clientOf(fake)
  return fake
}

/** Only what the simulation asks for. */
function clientOf(fake: FakeEconomy): V3Client {
  const client: Partial<V3Client> = {
    async get<Body>(path: string) {
      const balance = /^\/v3\/users\/(\w+)\/balance$/.exec(path)
      return (balance ? fake.balances.get(balance[1] ?? '') : fake.token) as Body
    },
    async *rows<Row>() {
      yield* fake.transactions as Row[]
    },
    request: <Body>(call: Call) => fake.onPost(call) as Promise<Answer<Body>>,
  }
  return client as V3Client
}

export function aTransaction(changes: Partial<WireTransaction> = {}): WireTransaction {
  return {
    object: 'transaction',
    price: null,
    metadata: {},
    id: 'txn_1',
    status: 'confirmed',
    type_id: 'typ_tip',
    from_user_id: 'alice',
    to_user_id: 'bob',
    amount: '10',
    commission: '0',
    currency: 'token',
    amount_fiat: null,
    airdrop_id: null,
    transfers: [{ kind: 'amount', from_user_id: 'alice', to_user_id: 'bob', amount: '10' }],
    chain: { tx_hash: '0x01', block_number: 40, fee_wei: '1' },
    failure: null,
    created_at: '2026-11-20T10:00:00.000Z',
    submitted_at: '2026-11-20T10:00:00.100Z',
    mined_at: '2026-11-20T10:00:01.000Z',
    ended_at: '2026-11-20T10:00:04.000Z',
    ...changes,
  }
}

export function aBalance(userId: string, settled: bigint, changes: Partial<WireBalance> = {}): WireBalance {
  const token = { symbol: 'SIM01', decimals: 18 }
  return {
    object: 'balance',
    updated_at: '2026-11-20T10:00:04.000Z',
    user_id: userId,
    settled: `${settled}`,
    held: '0',
    available: `${settled}`,
    pending_in: '0',
    token,
    ...changes,
  }
}
