import type { User } from '#core/user/user.ts'
import { toWire } from './wire-id.ts'

/** A user as /v3 shows it. */
export function presentUser(user: User) {
  return {
    object: 'user' as const,
    id: toWire('usr', user.id),
    type: user.type,
    external_id: user.externalId,
    name: user.name,
    is_verified: user.isVerified,
    status: user.status,
    metadata: user.metadata,
    wallet: { address: user.wallet.address, custody: user.wallet.custody },
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  }
}
