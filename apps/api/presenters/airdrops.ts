import type { AirdropWithProgress, RecipientFilter } from '#core/airdrop/airdrop.ts'
import { toWire } from './wire-id.ts'

/** An airdrop as /v3 shows it. A list of recipients is not repeated: their transactions can be listed by the airdrop. */
export function presentAirdrop(airdrop: AirdropWithProgress) {
  const { recipients, total, accepted, refused, progress } = airdrop
  return {
    object: 'airdrop' as const,
    id: toWire('air', airdrop.id),
    status: airdrop.status,
    failure_reason: airdrop.failureReason,
    type_id: toWire('typ', airdrop.typeId),
    amount: airdrop.amount.toString(),
    recipients: {
      kind: recipients.kind,
      filter: recipients.kind === 'filter' ? presentFilter(recipients.filter) : null,
    },
    progress: { total, accepted, refused, ...progress },
    metadata: airdrop.metadata,
    created_at: airdrop.createdAt.toISOString(),
    ended_at: airdrop.endedAt?.toISOString() ?? null,
  }
}

function presentFilter({ isVerified, metadata, neverAirdropped }: RecipientFilter) {
  return {
    ...(isVerified !== undefined && { is_verified: isVerified }),
    ...(metadata && { metadata }),
    ...(neverAirdropped !== undefined && { never_airdropped: neverAirdropped }),
  }
}
