import type { TypedData, WalletTransaction } from '#core/gateway/gateway-calls.ts'
import type { GatewayMessage, MessageStepName } from '#core/gateway/message.ts'

/** What stakes and unstakes show alike; steps are named by what they do there. */
export function presentMessage<Step extends string>(
  message: GatewayMessage,
  stepNames: Readonly<Record<MessageStepName, Step>>,
) {
  const { status, messageHash, intent, problem, steps, createdAt, updatedAt, endedAt } = message
  return {
    status,
    message_hash: messageHash,
    hash_lock: intent.hashLock,
    deadline: new Date(Number(intent.deadline) * 1_000).toISOString(),
    problem,
    steps: steps.map((step) => ({
      name: stepNames[step.name],
      status: step.status,
      transaction_hash: step.txHash,
      started_at: step.startedAt?.toISOString() ?? null,
      finished_at: step.finishedAt?.toISOString() ?? null,
    })),
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
  }
}

const DOMAIN_FIELDS = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/** Wallets want the domain's own type as well. */
export function presentTypedData({ domain, primaryType, types, message }: TypedData) {
  return { domain, primaryType, types: { EIP712Domain: DOMAIN_FIELDS, ...types }, message }
}

export function presentTransaction({ chainId, to, data }: WalletTransaction) {
  return { chain_id: chainId, to, data }
}
