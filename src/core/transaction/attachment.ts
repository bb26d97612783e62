import type { NewBundle } from '../bundle/bundle.ts'
import type { NewManagedUnstake } from '../gateway/message.ts'
import type { NewRedemption } from '../redemption/redemption.ts'

/**
 * What comes into being with a request's transactions, in the same database transaction. A request with an attachment is
 * accepted as a whole or not at all.
 */
export type Attachment =
  | { kind: 'bundle'; bundle: NewBundle }
  | { kind: 'redemption'; redemption: NewRedemption }
  | { kind: 'unstake'; unstake: NewManagedUnstake }

/** An attachment whose transactions were accepted. */
export interface AcceptedAttachment {
  tenantId: string
  economyId: string
  attachment: Attachment
  /** In the order of the request's items. */
  transactionIds: readonly string[]
}
