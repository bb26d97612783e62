import type pg from 'pg'
import { EconomyNotFound } from '#core/economy/errors.ts'
import { trimZeros } from '#core/rule/currency.ts'
import type { EconomyConfig, LoadEconomyConfig } from '#core/rule/economy-config.ts'
import type { CompiledRule } from '#core/rule/evaluate-rules.ts'
import type { PricePoint } from '#core/rule/price-point.ts'
import type { RuleCompiler } from '#core/rule/rule-compiler.ts'
import type { Database } from './database.ts'
import { type TransactionTypeRow, toTransactionType } from './transaction-type-row.ts'

/** Reads configurations in a database transaction of their own; the acceptor uses {@link readEconomyConfig} inside its own. */
export function createLoadEconomyConfig(database: Database, compiler: RuleCompiler): LoadEconomyConfig {
  return (tenantId, economyId) =>
    database.raw([tenantId], (client) => readEconomyConfig(client, economyId, compiler))
}

/**
 * An economy's configuration and its version, from one statement, so that the two belong together. Visible are the rows of
 * the tenants that the connection acts for.
 * @throws EconomyNotFound
 */
export async function readEconomyConfig(
  client: Pick<pg.ClientBase, 'query'>,
  economyId: string,
  compiler: RuleCompiler,
): Promise<EconomyConfig> {
  const { rows } = await client.query<ConfigRow>({
    name: 'read_economy_config',
    text: READ_CONFIG,
    values: [economyId],
  })
  const row = rows[0]
  if (!row) throw new EconomyNotFound()
  const types = row.types.map(toTransactionType)
  return {
    economyId,
    tenantId: row.tenant_id,
    configVersion: row.config_version,
    status: row.status,
    environment: row.environment,
    decimals: row.decimals,
    companyUserId: row.company_user_id,
    typesById: new Map(types.map((type) => [type.id, type])),
    typesByName: new Map(types.map((type) => [type.name, type])),
    rules: row.rules.map((rule) => toCompiledRule(rule, row.decimals, compiler)),
    prices: new Map(row.prices.map((point) => [point.currency, toPricePoint(point)])),
  }
}

interface ConfigRow {
  tenant_id: string
  config_version: number
  status: EconomyConfig['status']
  environment: EconomyConfig['environment']
  decimals: number
  company_user_id: string
  types: TransactionTypeRow[]
  rules: RuleRow[]
  prices: PriceRow[]
}

type RuleRow = Pick<CompiledRule, 'id' | 'name' | 'version' | 'typeId' | 'message'> & { expression: string }
type PriceRow = Omit<PricePoint, 'asOf' | 'createdAt' | 'onChain'> & {
  asOf: string
  createdAt: string
  onChain: {
    valuePrice: string
    rate: string
    rateDecimals: number
    usableUntil: string
    blockNumber: string
    blockHash: string
  } | null
}

/** Numbers leave as text: JSON would make floats of them. */
const READ_CONFIG = `
  SELECT e.tenant_id, e.config_version, e.status, e.environment, e.decimals, e.company_user_id,
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'economyId', t.economy_id, 'id', t.id, 'tenantId', t.tenant_id, 'name', t.name, 'kind', t.kind, 'currency', t.currency,
        'allowsArbitraryAmount', t.allows_arbitrary_amount, 'amountUnits', t.amount_units::text, 'amountFiat', t.amount_fiat::text,
        'allowsArbitraryCommission', t.allows_arbitrary_commission, 'commissionBps', t.commission_bps,
        'commissionUnits', t.commission_units::text, 'commissionFiat', t.commission_fiat::text, 'status', t.status,
        'metadata', t.metadata, 'createdAt', t.created_at, 'updatedAt', t.updated_at) ORDER BY t.id)
      FROM transaction_type t WHERE t.economy_id = e.id), '[]') AS types,
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'version', r.version, 'typeId', r.type_id,
        'expression', r.expression, 'message', r.message) ORDER BY r.id)
      FROM token_rule r WHERE r.economy_id = e.id AND r.status = 'active'), '[]') AS rules,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'tenantId', p.tenant_id, 'economyId', p.economy_id,
        'currency', p.currency, 'price', p.price::text, 'source', p.source, 'asOf', p.as_of, 'createdAt', p.created_at,
        'deviates', p.deviates, 'onChain', CASE WHEN p.source = 'chain' THEN jsonb_build_object('valuePrice', p.value_price::text,
          'rate', p.rate::text, 'rateDecimals', p.rate_decimals, 'usableUntil', p.usable_until,
          'blockNumber', p.block_number::text, 'blockHash', p.block_hash) END)), '[]')
      FROM unnest(ARRAY['USD', 'EUR', 'GBP']) AS c(currency)
      CROSS JOIN LATERAL price_in_force(e.id, c.currency) p) AS prices
  FROM economy e WHERE e.id = $1`

/** A stored expression that compiles no more (after an upgrade of the language, say) refuses: better none pass than all. */
function toCompiledRule(row: RuleRow, decimals: number, compiler: RuleCompiler): CompiledRule {
  const { id, name, version, typeId, message, expression } = row
  try {
    return { id, name, version, typeId, message, ...compiler.compile(expression, decimals) }
  } catch (error) {
    const refuse = (): never => {
      throw error
    }
    return { id, name, version, typeId, message, usesWindow: false, evaluate: refuse }
  }
}

function toPricePoint(row: PriceRow): PricePoint {
  return {
    ...row,
    price: trimZeros(row.price),
    asOf: new Date(row.asOf),
    createdAt: new Date(row.createdAt),
    onChain: row.onChain && {
      ...row.onChain,
      valuePrice: trimZeros(row.onChain.valuePrice),
      rate: BigInt(row.onChain.rate),
      usableUntil: new Date(row.onChain.usableUntil),
      blockNumber: BigInt(row.onChain.blockNumber),
    },
  }
}
