/** Why a payment did not happen: a stable code and words for people. */
export interface PaymentFailure {
  code: string
  reason: string
}

/** The contract's reasons for skipping a payment (contracts/src/interfaces/IPaymentErrors.sol). */
const SKIPPED: Readonly<Record<string, PaymentFailure>> = {
  InsufficientBalance: {
    code: 'insufficient_balance',
    reason: "The payer's balance on the chain did not cover the payment.",
  },
  SelfCustodied: {
    code: 'self_custodied',
    reason: "The payer took its wallet into self-custody: only the user's own signature moves it.",
  },
  ItemCapExceeded: {
    code: 'item_cap_exceeded',
    reason: "The payment is above the economy's on-chain cap for a single payment.",
  },
  WindowCapExceeded: {
    code: 'window_cap_exceeded',
    reason: "The payment is above what the economy's on-chain cap leaves for the current window.",
  },
  InvalidRecipient: {
    code: 'invalid_recipient',
    reason: 'The token does not accept this recipient address.',
  },
  ZeroAmount: { code: 'zero_amount', reason: 'A transfer of the payment moves nothing.' },
}

/** @param reason Name of the contract's error, or its selector. */
export function skippedPayment(reason: string): PaymentFailure {
  return (
    SKIPPED[reason] ?? { code: 'payment_skipped', reason: `The token rules skipped the payment: ${reason}.` }
  )
}

/** The whole batch reverted, so none of its payments happened. */
export function revertedPayment(revertReason: string): PaymentFailure {
  return { code: 'batch_reverted', reason: `The chain refused the batch of this payment: ${revertReason}` }
}
