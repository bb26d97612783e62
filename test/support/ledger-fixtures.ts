import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import type { SimulatedTx } from './simulated-chain.ts'

/** An economy put straight into the database, with empty accounts: its balances are to come from the chain. */
export interface LedgerEconomy {
  economyId: string
  tenantId: string
  chainId: number
  laneId: string
  token: string
  tokenRules: string
  /** The company first. */
  users: readonly { id: string; address: string; salt: Buffer }[]
}

/** A transaction as acceptance leaves it. */
export interface AcceptedFixture {
  transactionId: string
  fromUserId: string
  legs: readonly { toUserId: string; amount: bigint }[]
}

export const randomAddress = (): string => `0x${randomBytes(20).toString('hex')}`
export const randomHash = (): string => `0x${randomBytes(32).toString('hex')}`

/** Plays everybody but the indexer: sets up economies, accepts and submits transactions. As the schema's owner. */
export class LedgerFixtures {
  readonly pool: pg.Pool

  constructor(ownerUrl: string) {
    this.pool = new pg.Pool({ connectionString: ownerUrl, max: 2 })
    // The database is dropped by force after its tests: a connection that is just ending hears of it.
    this.pool.on('error', () => {})
  }

  close(): Promise<void> {
    return this.pool.end()
  }

  async addChain(options: { chainId: number; finalityDepth: number; contracts?: object }): Promise<void> {
    await this.pool.query(
      `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts)
       VALUES ($1, 'utility', 'Test', 1000, $2, $3)`,
      [options.chainId, options.finalityDepth, options.contracts ?? {}],
    )
  }

  /** @param options.wallets Addresses and salts when a real chain decides them. */
  async addEconomy(options: {
    chainId: number
    users?: number
    economyId?: string
    token?: string
    tokenRules?: string
    lane?: string
    wallets?: readonly { id: string; address: string; salt: Buffer }[]
  }): Promise<LedgerEconomy> {
    const [tenantId, laneId] = [uuidv7(), uuidv7()]
    const { chainId, economyId = uuidv7(), token = randomAddress(), tokenRules = randomAddress() } = options
    const users =
      options.wallets ??
      Array.from({ length: options.users ?? 3 }, () => ({
        id: uuidv7(),
        address: randomAddress(),
        salt: randomBytes(12),
      }))
    await this.pool.query(`INSERT INTO tenant (id, name) VALUES ($1, 'Fixture')`, [tenantId])
    await this.pool.query(`INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, $2, $3, 'x')`, [
      laneId,
      chainId,
      options.lane ?? randomAddress(),
    ])
    await this.pool.query(
      `INSERT INTO economy (id, tenant_id, chain_id, lane_id, environment, name, symbol, decimals, status, token_address,
                            token_rules_address, company_user_id, initial_grant)
       VALUES ($1, $2, $3, $4, 'sandbox', 'Fixture', 'FIX', 18, 'active', $5, $6, $7, 0)`,
      [economyId, tenantId, chainId, laneId, token, tokenRules, users[0]?.id],
    )
    const ids = users.map((user) => user.id)
    const addresses = users.map((user) => user.address)
    await this.pool.query(
      `INSERT INTO economy_user (economy_id, id, tenant_id, type)
       SELECT $1, id, $2, CASE WHEN position = 1 THEN 'company' ELSE 'user' END FROM unnest($3::uuid[]) WITH ORDINALITY AS u(id, position)`,
      [economyId, tenantId, ids],
    )
    await this.pool.query(
      `INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt)
       SELECT $1, id, $2, address, salt FROM unnest($3::uuid[], $4::text[], $5::bytea[]) AS u(id, address, salt)`,
      [economyId, tenantId, ids, addresses, users.map((user) => user.salt)],
    )
    await this.pool.query(
      `INSERT INTO account (economy_id, id, tenant_id, kind, address)
       SELECT $1, id, $2, 'wallet', address FROM unnest($3::uuid[], $4::text[]) AS u(id, address)`,
      [economyId, tenantId, ids, addresses],
    )
    return { economyId, tenantId, chainId, laneId, token, tokenRules, users }
  }

  /** Accepts a transaction when its payer's available balance covers it, as the acceptor does. */
  async accept(
    economy: LedgerEconomy,
    fromUserId: string,
    legs: AcceptedFixture['legs'],
  ): Promise<AcceptedFixture | null> {
    const [accepted = null] = await this.acceptAll(economy, [{ fromUserId, legs }])
    return accepted
  }

  /** Accepts many of one payer's transactions' worth at once; those of payers who cannot pay are left out. */
  async acceptAll(
    economy: LedgerEconomy,
    payments: readonly Omit<AcceptedFixture, 'transactionId'>[],
  ): Promise<AcceptedFixture[]> {
    const { economyId, tenantId } = economy
    const accepted: AcceptedFixture[] = []
    const client = await this.pool.connect()
    try {
      await client.query('BEGIN')
      for (const { fromUserId, legs } of payments) {
        const amount = legs.reduce((sum, leg) => sum + leg.amount, 0n)
        const [first, second] = legs
        if (!first) throw new Error('a payment has a leg')
        const held = await client.query(
          `UPDATE wallet w SET reserved = reserved + $3 FROM account a
           WHERE w.economy_id = $1 AND w.user_id = $2 AND a.economy_id = $1 AND a.id = $2 AND a.settled + a.released - w.reserved >= $3`,
          [economyId, fromUserId, amount.toString()],
        )
        if (held.rowCount !== 1) continue
        const transactionId = uuidv7()
        await client.query(
          `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, commission_to_id,
                                    config_version)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`,
          [
            economyId,
            transactionId,
            tenantId,
            uuidv7(),
            fromUserId,
            first.toUserId,
            first.amount.toString(),
            (second?.amount ?? 0n).toString(),
            second?.toUserId ?? null,
          ],
        )
        for (const leg of legs) {
          await client.query(
            'UPDATE wallet SET announced = announced + $3 WHERE economy_id = $1 AND user_id = $2',
            [economyId, leg.toUserId, leg.amount.toString()],
          )
        }
        accepted.push({ transactionId, fromUserId, legs })
      }
      await client.query('COMMIT')
      return accepted
    } finally {
      client.release()
    }
  }

  /** Stores a signed batch of accepted transactions, as the lane's submitter does. */
  async submit(
    economy: LedgerEconomy,
    accepted: readonly AcceptedFixture[],
    signed: {
      txHash?: string
      submissionId?: string
      to?: string
      calldata?: Buffer
      kind?: string
      nonce?: number
    } = {},
  ): Promise<{ submissionId: string; txHash: string }> {
    const { submissionId = uuidv7(), txHash = randomHash(), kind = 'transfer_batch' } = signed
    const transactionIds = accepted.map((payment) => payment.transactionId)
    const client = await this.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query(
        `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
                                       transaction_ids, signed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 16777216,
                 coalesce($9, (SELECT coalesce(max(nonce) + 1, 0) FROM chain_submission WHERE lane_id = $3)), 'broadcast', $10, now())`,
        [
          submissionId,
          economy.chainId,
          economy.laneId,
          economy.economyId,
          economy.tenantId,
          kind,
          signed.to ?? economy.tokenRules,
          signed.calldata ?? Buffer.alloc(0),
          signed.nonce ?? null,
          transactionIds,
        ],
      )
      await client.query(
        `INSERT INTO submission_attempt (submission_id, attempt, tenant_id, raw_tx, tx_hash, max_fee_per_gas, max_priority_fee_per_gas)
         VALUES ($1, 1, $2, '\\x00', $3, 1, 1)`,
        [submissionId, economy.tenantId, txHash],
      )
      await client.query(
        `WITH moved AS (
           UPDATE transaction SET status = 'submitted', submission_id = $3, payment_index = p.position - 1, submitted_at = now()
           FROM unnest($2::uuid[]) WITH ORDINALITY AS p(id, position) WHERE economy_id = $1 AND transaction.id = p.id
           RETURNING transaction.id)
         DELETE FROM queued_transaction USING moved WHERE economy_id = $1 AND transaction_id = moved.id`,
        [economy.economyId, transactionIds, submissionId],
      )
      await client.query('COMMIT')
      return { submissionId, txHash }
    } finally {
      client.release()
    }
  }

  /** One row, or a failure. */
  async one(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>> {
    const { rows } = await this.pool.query<Record<string, unknown>>(text, [...values])
    if (!rows[0]) throw new Error('the query found no row')
    return rows[0]
  }

  async all(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const { rows } = await this.pool.query<Record<string, unknown>>(text, [...values])
    return rows
  }
}

/** What gives each of an economy's users that much at the start. */
export function mintsFor(economy: LedgerEconomy, amount: bigint): SimulatedTx[] {
  return economy.users.map(({ address: to }) => ({
    hash: randomHash(),
    kind: 'transfer',
    token: economy.token,
    from: ISSUANCE_ADDRESS,
    to,
    amount,
  }))
}

/** The EVM transaction of a submitted batch, for the simulated chain. */
export function batchTx(
  economy: LedgerEconomy,
  submitted: { submissionId: string; txHash: string },
  accepted: readonly AcceptedFixture[],
  fate: { skipPercent?: number; revertPercent?: number } = {},
): SimulatedTx {
  return {
    hash: submitted.txHash,
    kind: 'batch',
    token: economy.token,
    tokenRules: economy.tokenRules,
    submissionId: submitted.submissionId,
    payments: accepted.map((payment) => ({
      payer: addressOf(economy, payment.fromUserId),
      legs: payment.legs.map((leg) => ({ to: addressOf(economy, leg.toUserId), amount: leg.amount })),
    })),
    skipPercent: fate.skipPercent ?? 0,
    revertPercent: fate.revertPercent ?? 0,
  }
}

export function addressOf(economy: LedgerEconomy, userId: string): string {
  const user = economy.users.find((candidate) => candidate.id === userId)
  if (!user) throw new Error(`the economy has no user ${userId}`)
  return user.address
}
