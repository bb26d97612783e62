import type {
  GatewayMessage,
  ManagedTokens,
  MessageKind,
  MessageStatus,
  MessageStep,
  MessageStepName,
} from '#core/gateway/message.ts'

/** Columns of a message, as alias `m` with its backing `b`, in the form of {@link MessageRow}. Never the sealed secret. */
export const MESSAGE_COLUMNS = `
  m.economy_id, m.id, m.kind, m.status, m.message_hash, m.sender, m.beneficiary, m.amount::text, m.bounty::text, m.fee::text,
  m.nonce::text, m.hash_lock, m.deadline::text, m.signature, m.permit_nonce::text, m.permit_signature, m.sent_tx_hash, m.problem,
  m.user_id, m.transaction_id, m.created_at, m.updated_at, m.ended_at, b.terms_id,
  (SELECT jsonb_build_object('text', k.text, 'textHash', k.text_hash, 'givenAt', k.given_at)
   FROM unstake_consent k WHERE k.economy_id = m.economy_id AND k.message_id = m.id) AS consent,
  (SELECT jsonb_agg(jsonb_build_object('name', s.name, 'status', s.status, 'txHash', s.tx_hash, 'startedAt', s.started_at,
                                       'finishedAt', s.finished_at) ORDER BY s.position)
   FROM gateway_message_step s WHERE s.economy_id = m.economy_id AND s.message_id = m.id) AS steps`

export interface MessageRow {
  economy_id: string
  id: string
  kind: MessageKind
  status: MessageStatus
  message_hash: string
  sender: string
  beneficiary: string
  amount: string
  bounty: string
  fee: string
  nonce: string
  hash_lock: string
  deadline: string
  signature: string | null
  permit_nonce: string | null
  permit_signature: string | null
  sent_tx_hash: string | null
  user_id: string | null
  transaction_id: string | null
  consent: { text: string; textHash: string; givenAt: string } | null
  problem: string | null
  created_at: Date
  updated_at: Date
  ended_at: Date | null
  terms_id: string
  steps:
    | {
        name: MessageStepName
        status: MessageStep['status']
        txHash: string | null
        startedAt: string | null
        finishedAt: string | null
      }[]
    | null
}

export function toMessage(row: MessageRow): GatewayMessage {
  return {
    id: row.id,
    economyId: row.economy_id,
    kind: row.kind,
    status: row.status,
    messageHash: row.message_hash,
    intent: {
      termsId: row.terms_id,
      sender: row.sender,
      beneficiary: row.beneficiary,
      amount: BigInt(row.amount),
      bounty: BigInt(row.bounty),
      fee: BigInt(row.fee),
      nonce: BigInt(row.nonce),
      hashLock: row.hash_lock,
      deadline: BigInt(row.deadline),
    },
    signature: row.signature,
    permit:
      row.permit_nonce === null ? null : { nonce: BigInt(row.permit_nonce), signature: row.permit_signature },
    managed: managedOf(row),
    sentTxHash: row.sent_tx_hash,
    problem: row.problem,
    steps: (row.steps ?? []).map((step) => ({
      name: step.name,
      status: step.status,
      txHash: step.txHash,
      startedAt: step.startedAt === null ? null : new Date(step.startedAt),
      finishedAt: step.finishedAt === null ? null : new Date(step.finishedAt),
    })),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  }
}

/** A CHECK has both ids or neither. */
function managedOf({
  user_id: userId,
  transaction_id: transactionId,
  consent,
}: MessageRow): ManagedTokens | null {
  if (userId === null || transactionId === null) return null
  return { userId, transactionId, consent: consent && { ...consent, givenAt: new Date(consent.givenAt) } }
}
