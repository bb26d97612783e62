import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { uuidv7 } from 'uuidv7'

/** An active economy put straight into the database, with users whose balances are as if the chain had said so. */
export interface EconomyFixture {
  tenantId: string
  economyId: string
  companyId: string
  laneId: string
  /** Ids in the order of `balances`. */
  userIds: string[]
  types: { tip: string; reward: string; purchase: string; fixed: string }
}

const randomSymbol = () => `F${randomBytes(4).toString('hex').toUpperCase()}`
const randomAddress = () => `0x${randomBytes(20).toString('hex')}`

/** Inserts tenant, chain, lane, economy, users and four transaction types as the schema's owner. Balances in base units. */
export async function insertEconomy(
  ownerUrl: string,
  options: {
    balances?: readonly bigint[]
    company?: bigint
    chainId?: number
    status?: string
    tenantId?: string
  } = {},
): Promise<EconomyFixture> {
  const { balances = [], company = 0n, chainId = 31_002, status = 'active' } = options
  const tenantId = options.tenantId ?? uuidv7()
  const [economyId, companyId, laneId] = [uuidv7(), uuidv7(), uuidv7()]
  const types = { tip: uuidv7(), reward: uuidv7(), purchase: uuidv7(), fixed: uuidv7() }
  const userIds = balances.map(() => uuidv7())
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query('INSERT INTO tenant (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      tenantId,
      'Fixture',
    ])
    await client.query(
      `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'utility', 'utility', 1000, 3) ON CONFLICT DO NOTHING`,
      [chainId],
    )
    await client.query('INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, $2, $3, $4)', [
      laneId,
      chainId,
      randomAddress(),
      'x',
    ])
    await client.query(
      `INSERT INTO economy (id, tenant_id, chain_id, lane_id, environment, name, symbol, decimals, status, token_address,
                            token_rules_address, company_user_id, initial_grant)
       VALUES ($1, $2, $3, $4, 'sandbox', 'Fixture', $9, 18, $5, $6, $7, $8, 0)`,
      [
        economyId,
        tenantId,
        chainId,
        laneId,
        status,
        randomAddress(),
        randomAddress(),
        companyId,
        randomSymbol(),
      ],
    )
    const parties = [
      { id: companyId, type: 'company', settled: company },
      ...userIds.map((id, index) => ({ id, type: 'user', settled: balances[index] ?? 0n })),
    ]
    for (const party of parties) {
      const address = randomAddress()
      await client.query(
        'INSERT INTO economy_user (economy_id, id, tenant_id, type) VALUES ($1, $2, $3, $4)',
        [economyId, party.id, tenantId, party.type],
      )
      await client.query(
        'INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt) VALUES ($1, $2, $3, $4, $5)',
        [economyId, party.id, tenantId, address, randomBytes(12)],
      )
      await client.query(
        `INSERT INTO account (economy_id, id, tenant_id, kind, address, settled) VALUES ($1, $2, $3, 'wallet', $4, $5)`,
        [economyId, party.id, tenantId, address, party.settled.toString()],
      )
    }
    const supply = parties.reduce((sum, party) => sum + party.settled, 0n)
    await client.query(
      `INSERT INTO account (economy_id, id, tenant_id, kind, address, settled) VALUES ($1, $2, $3, 'issuance', $4, $5)`,
      [economyId, uuidv7(), tenantId, `0x${'0'.repeat(40)}`, (-supply).toString()],
    )
    const insertType = (
      id: string,
      name: string,
      kind: string,
      commissionBps: number | null,
      amount: string | null,
    ) =>
      client.query(
        `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount, amount_units, commission_bps)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [economyId, id, tenantId, name, kind, amount === null, amount, commissionBps],
      )
    await insertType(types.tip, 'tip', 'user_to_user', 100, null)
    await insertType(types.reward, 'reward', 'company_to_user', null, null)
    await insertType(types.purchase, 'purchase', 'user_to_company', null, null)
    await insertType(types.fixed, 'fixed', 'user_to_user', null, '5')
    await client.query('COMMIT')
  } finally {
    await client.end()
  }
  return { tenantId, economyId, companyId, laneId, userIds, types }
}
