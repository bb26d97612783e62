import type { JobDispatcher } from '../outbox/job-dispatcher.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import type { Deployment, DeploymentStore, StepChange, StepInDeployment } from './deployment-store.ts'
import type { DeploymentStep } from './economy.ts'
import type { EconomyContracts } from './economy-contracts.ts'
import type { ChainCall } from './faucet.ts'

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
  }
}

const KINDS = { create_contracts: 'create_economy', grant_initial_supply: 'faucet_grant' } as const

async function queue(
  deps: DeployEconomyDeps,
  deployment: Deployment,
  step: StepInDeployment,
): Promise<StepOutcome> {
  const submission = {
    id: deps.ids.next(),
    kind: KINDS[step.name],
    call: await callOf(deps.contracts, deployment, step.name),
  }
  if (!(await deps.deployments.queueStep(changeOf(deps, deployment, step), submission))) return 'waiting'
  deps.observer.log('info', 'economy.step_queued', {
    ...logFieldsOf(deployment),
    step: step.name,
    submissionId: submission.id,
  })
  deps.jobs.wake({ name: 'submit-lane', id: deployment.laneId })
  return 'waiting'
}

async function callOf(
  contracts: EconomyContracts,
  deployment: Deployment,
  step: DeploymentStep,
): Promise<ChainCall> {
  const { chainId, tokenAddress, companyAddress, initialGrant } = deployment
  switch (step) {
    case 'create_contracts':
      return contracts.createCall(deployment)
    case 'grant_initial_supply':
      return contracts.grantCall(chainId, tokenAddress, companyAddress, initialGrant)
  }
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
