import assert from 'node:assert'
import type { Backing } from '../gateway/backing.ts'
import type { JobDispatcher } from '../outbox/job-dispatcher.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import type { Deployment, DeploymentStore, StepChange, StepInDeployment } from './deployment-store.ts'
import type { DeploymentStep } from './economy.ts'
import type { EconomyContracts, GatewaySide } from './economy-contracts.ts'

export interface DeployEconomyDeps {
  deployments: DeploymentStore
  contracts: EconomyContracts
  jobs: JobDispatcher
  clock: Clock
  ids: Ids
  observer: Observer
}

/** waiting: for a block; the next run looks again · ended: nothing (more) to deploy. */
export type DeployResult = 'waiting' | 'active' | 'failed' | 'ended'

/**
 * Takes an economy's deployment as far as it goes now: queues the call of its next step, or looks what became of the one
 * before. Never waits for a block: it is run again until the economy is active or failed.
 *
 * Safe to run twice, at the same time and after a crash anywhere. A step's call is queued in the same commit that names it in
 * the step, and only after the chain was seen to lack the step's effect, so nothing is ever deployed or granted twice.
 * @throws ChainUnavailable when no node answers; nothing has changed then.
 */
export async function deployEconomy(deps: DeployEconomyDeps, economyId: string): Promise<DeployResult> {
  const deployment = await deps.deployments.find(economyId)
  if (deployment?.status !== 'deploying') return 'ended'
  for (const step of deployment.steps) {
    if (step.status === 'done') continue
    const outcome = await advanceStep(deps, deployment, step)
    if (outcome !== 'done') return outcome
  }
  if (!(await deps.deployments.activate(economyId, deps.clock.now()))) return 'waiting'
  deps.observer.log('info', 'economy.active', logFieldsOf(deployment))
  return 'active'
}

type StepOutcome = 'done' | 'waiting' | 'failed'

async function advanceStep(
  deps: DeployEconomyDeps,
  deployment: Deployment,
  step: StepInDeployment,
): Promise<StepOutcome> {
  // A step that was reopened after a failure still names its old submission, and begins anew.
  const submission = step.status === 'running' ? step.submission : null
  switch (submission?.status) {
    case 'queued':
    case 'signed':
    case 'broadcast':
      return 'waiting'
    case undefined:
      if (await isEffective(deps, deployment, step.name)) return finish(deps, deployment, step)
      return queue(deps, deployment, step)
    case 'mined':
      // The block may hold a failed call whose failure is not final yet.
      return (await isEffective(deps, deployment, step.name)) ? finish(deps, deployment, step) : 'waiting'
    // A replaced call is queued again by the submitter, under a new id that the step then names: finding the old one means
    // that a person took a hand in it.
    case 'replaced':
    case 'confirmed':
    case 'reverted':
      if (await isEffective(deps, deployment, step.name)) return finish(deps, deployment, step)
      return fail(deps, deployment, step, submission?.revertReason ?? NO_EFFECT)
  }
}

const NO_EFFECT = 'the call is on the chain, but what it should do did not happen'

/** Whether the chain shows what the step is for. */
async function isEffective(
  { contracts }: DeployEconomyDeps,
  deployment: Deployment,
  step: DeploymentStep,
): Promise<boolean> {
  const { chainId, tokenAddress: token, tokenRulesAddress: tokenRules, initialGrant } = deployment
  switch (step) {
    case 'create_contracts':
      return contracts.areCreated(chainId, { token, tokenRules })
    case 'grant_initial_supply':
      return initialGrant === 0n || (await contracts.granted(chainId, token)) >= initialGrant
    case 'register_on_value_chain':
      return contracts.isRegistered('value', backingOf(deployment))
    case 'register_on_utility_chain':
      return contracts.isRegistered('utility', backingOf(deployment))
    case 'mint_first_stake':
      return (await contracts.supply(chainId, token)) > 0n
  }
}

/** A backed economy has its terms from the moment it exists. */
function backingOf({ backing }: Deployment): Backing {
  assert(backing, 'only what is backed is registered')
  return backing
}

async function queue(
  deps: DeployEconomyDeps,
  deployment: Deployment,
  step: StepInDeployment,
): Promise<StepOutcome> {
  const queued = await submissionFor(deps.contracts, deployment, step.name)
  if (queued === null) return 'waiting'
  const submission = { id: deps.ids.next(), ...queued }
  if (!(await deps.deployments.queueStep(changeOf(deps, deployment, step), submission))) return 'waiting'
  deps.observer.log('info', 'economy.step_queued', {
    ...logFieldsOf(deployment),
    step: step.name,
    submissionId: submission.id,
  })
  deps.jobs.wake({ name: 'submit-lane', id: submission.lane?.id ?? deployment.laneId })
  return 'waiting'
}

type StepSubmission = Omit<Parameters<DeploymentStore['queueStep']>[1], 'id'>

/** Null: nothing of ours to send; the step waits for its business, or for an operator to provision a lane. */
async function submissionFor(
  contracts: EconomyContracts,
  deployment: Deployment,
  step: DeploymentStep,
): Promise<StepSubmission | null> {
  const { chainId, tokenAddress, companyAddress, initialGrant, backing } = deployment
  switch (step) {
    case 'create_contracts': {
      const minter = backing ? { minter: backing.coGateway } : {}
      const call = await contracts.createCall({ ...deployment, ...minter })
      return { kind: 'create_economy', call }
    }
    case 'grant_initial_supply':
      return {
        kind: 'faucet_grant',
        call: contracts.grantCall(chainId, tokenAddress, companyAddress, initialGrant),
      }
    case 'register_on_value_chain':
      return registration(contracts, deployment, 'value')
    case 'register_on_utility_chain':
      return registration(contracts, deployment, 'utility')
    case 'mint_first_stake':
      return null
  }
}

function registration(
  contracts: EconomyContracts,
  deployment: Deployment,
  side: GatewaySide,
): StepSubmission | null {
  const backing = backingOf(deployment)
  const id = deployment.facilitators[side]
  if (id === null) return null
  const chainId = side === 'value' ? backing.valueChainId : backing.utilityChainId
  return { kind: 'register_backing', call: contracts.registerCall(side, backing), lane: { id, chainId } }
}

async function finish(
  deps: DeployEconomyDeps,
  deployment: Deployment,
  step: StepInDeployment,
): Promise<StepOutcome> {
  const detail = step.submission ? 'on the chain' : 'nothing to do'
  if (!(await deps.deployments.finishStep(changeOf(deps, deployment, step), detail))) return 'waiting'
  deps.observer.log('info', 'economy.step_done', { ...logFieldsOf(deployment), step: step.name })
  return 'done'
}

async function fail(
  deps: DeployEconomyDeps,
  deployment: Deployment,
  step: StepInDeployment,
  cause: string,
): Promise<StepOutcome> {
  const reason = `${step.name}: ${cause}`
  if (!(await deps.deployments.fail(changeOf(deps, deployment, step), reason))) return 'waiting'
  deps.observer.log('error', 'economy.failed', { ...logFieldsOf(deployment), step: step.name, reason })
  return 'failed'
}

function changeOf({ clock }: DeployEconomyDeps, deployment: Deployment, step: StepInDeployment): StepChange {
  return {
    economyId: deployment.economyId,
    position: step.position,
    seenSubmissionId: step.submission?.id ?? null,
    at: clock.now(),
  }
}

function logFieldsOf({ economyId, tenantId, chainId }: Deployment) {
  return { economyId, tenantId, chainId }
}
