import type { EconomyStatus } from '../economy/economy.ts'
import type { Environment } from '../tenant/tenant.ts'
import type { FiatCurrency } from './currency.ts'
import type { CompiledRule } from './evaluate-rules.ts'
import type { PricePoint } from './price-point.ts'
import type { TransactionType } from './transaction-type.ts'

export type { EconomyStatus }

/** Everything about an economy that deciding a transaction needs and that changes seldom: cached, compared by version. */
export interface EconomyConfig {
  economyId: string
  tenantId: string
  configVersion: number
  status: EconomyStatus
  environment: Environment
  decimals: number
  companyUserId: string
  typesById: ReadonlyMap<string, TransactionType>
  /** Names are unique in an economy; archived types keep theirs. */
  typesByName: ReadonlyMap<string, TransactionType>
  /** Active rules, oldest first. */
  rules: readonly CompiledRule[]
  /** The latest price of each currency that has one. */
  prices: ReadonlyMap<FiatCurrency, PricePoint>
}

/** Port: reads an economy's configuration at its present version. */
export type LoadEconomyConfig = (tenantId: string, economyId: string) => Promise<EconomyConfig>
