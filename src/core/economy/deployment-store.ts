import type { Backing } from '../gateway/backing.ts'
import type { SubmissionStatus } from '../chain/submission.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { DeploymentStep, EconomyStatus, EconomyStep } from './economy.ts'
import type { ChainCall } from './faucet.ts'

/** A step with the chain submission that carries it, once there is one. */
export interface StepInDeployment {
  position: number
  name: DeploymentStep
  status: EconomyStep['status']
  submission: { id: string; status: Exclude<SubmissionStatus, 'refused'>; revertReason: string | null } | null
}

/** Everything a deployment needs to know of its economy. */
export interface Deployment {
  economyId: string
  tenantId: string
  status: EconomyStatus
  chainId: number
  laneId: string
  /** Address of the lane's relayer. */
  operator: string
  name: string
  symbol: string
  decimals: number
  tokenAddress: string
  tokenRulesAddress: string
  companyAddress: string
  initialGrant: BaseUnits
  /** Null: a sandbox economy. */
  backing: Backing | null
  /** Lanes that register the terms; null: nobody is provisioned there. */
  facilitators: { value: string | null; utility: string | null }
  /** In order. */
  steps: StepInDeployment[]
}

/** The step as its caller saw it: a change is made only where it still is so. */
export interface StepChange {
  economyId: string
  position: number
  /** The submission the caller saw; null: none. */
  seenSubmissionId: string | null
  at: Date
}

/**
 * Port: deployments in Postgres. Every change is one database transaction that holds the economy's row and does nothing when
 * the economy is no longer deploying or the step is no longer as the caller saw it: then another run was quicker.
 * @returns from each change whether it was made.
 */
export interface DeploymentStore {
  find(economyId: string): Promise<Deployment | null>
  /** Queues the call on the economy's lane, or another one, and names it in the step, in one commit. */
  queueStep(
    change: StepChange,
    submission: {
      id: string
      kind: 'create_economy' | 'faucet_grant' | 'register_backing'
      call: ChainCall
      /** Absent: the economy's own lane and chain. */
      lane?: { id: string; chainId: number }
    },
  ): Promise<boolean>
  finishStep(change: StepChange, detail: string): Promise<boolean>
  /** The step and the economy fail, with the event `economy.failed`. */
  fail(change: StepChange, reason: string): Promise<boolean>
  /** All steps are done: the economy is active, with the event `economy.active`. */
  activate(economyId: string, at: Date): Promise<boolean>
}
