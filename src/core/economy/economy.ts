import type { Metadata } from '../shared/metadata.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { Environment } from '../tenant/tenant.ts'

/** draft → deploying → active | failed (resumable) | paused. */
export const ECONOMY_STATUSES = ['draft', 'deploying', 'active', 'failed', 'paused'] as const
export type EconomyStatus = (typeof ECONOMY_STATUSES)[number]

/** Everything that deployments do. Each step may run again after a failure. */
export const DEPLOYMENT_STEPS = [
  'create_contracts',
  'grant_initial_supply',
  'register_on_value_chain',
  'register_on_utility_chain',
  'mint_first_stake',
] as const
export type DeploymentStep = (typeof DEPLOYMENT_STEPS)[number]

/** What a deployment does, in order: a sandbox token is granted by the faucet, a production token minted for a stake. */
export const STEPS_OF: Readonly<Record<Environment, readonly DeploymentStep[]>> = {
  sandbox: ['create_contracts', 'grant_initial_supply'],
  production: [
    'create_contracts',
    'register_on_value_chain',
    'register_on_utility_chain',
    'mint_first_stake',
  ],
}

export interface EconomyStep {
  name: DeploymentStep
  status: 'pending' | 'running' | 'done' | 'failed'
  /** In words: what it waits for, or why it failed. */
  detail: string | null
  startedAt: Date | null
  finishedAt: Date | null
}

/** A business's economy and its branded token. */
export interface Economy {
  id: string
  name: string
  symbol: string
  decimals: number
  environment: Environment
  status: EconomyStatus
  failureReason: string | null
  chainId: number
  laneId: string
  /** Predicted from the id, so known before the contract exists. */
  tokenAddress: string
  tokenRulesAddress: string
  companyUserId: string
  /** Base units granted to the company on deployment. */
  initialGrant: BaseUnits
  metadata: Metadata
  steps: readonly EconomyStep[]
  createdAt: Date
  updatedAt: Date
}

/** Base units. Most that one grant of the sandbox faucet may be: a billion whole tokens of 18 decimals. */
export const FAUCET_GRANT_MAX: BaseUnits = 10n ** 27n

/** Whole tokens that a sandbox economy starts with when its creator does not say. */
const INITIAL_GRANT_DEFAULT = 1_000_000n

/** Base units a new economy's company gets when its creator does not say. */
export function defaultInitialGrant(decimals: number): BaseUnits {
  return INITIAL_GRANT_DEFAULT * 10n ** BigInt(decimals)
}
