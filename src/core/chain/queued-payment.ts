import type { BaseUnits } from '../shared/money.ts'

/** One token movement of a payment. */
export interface PaymentLeg {
  /** Lower-case hex with 0x. */
  recipient: string
  amount: BaseUnits
  /** The recipient's balance may be zero when the leg runs, so that it writes a fresh storage slot. */
  isFresh: boolean
}

/** A queued transaction as the chain will see it. */
export interface QueuedPayment {
  transactionId: string
  /** 12 bytes that name the payer's wallet. */
  payerSalt: Uint8Array
  /** In order of position; 1 to 255. */
  legs: readonly PaymentLeg[]
}
