import assert from 'node:assert/strict'
import type { QueuedPayment } from '../chain/queued-payment.ts'
import { AMOUNT_MAX } from '../shared/money.ts'

export interface BatchPlan {
  /** In the order of the payments. */
  transactionIds: string[]
  /** Packed payments, the argument of `executeBatch`. */
  payments: Uint8Array
  gasLimit: bigint
}

/** Largest gas limit of one transaction. @see EIP-7825 */
export const TRANSACTION_GAS_MAX = 16_777_216n
/** Payments of one batch. */
export const BATCH_PAYMENTS_MAX = 1_000

/** Gas of a batch besides its payments: intrinsic 21,000, role, pause, caps, window, the closing event; measured 75,000. */
const BATCH_GAS = 120_000n
/** Gas of a leg to an address that has a balance; measured 11,000 with its calldata. */
const LEG_GAS = 14_000n
/** Gas of a leg to an address without balance: a fresh storage slot costs 17,100 more (EIP-2929). */
const FRESH_LEG_GAS = 32_000n

const SALT_BYTES = 12
const HEAD_BYTES = SALT_BYTES + 1
const ADDRESS_BYTES = 20
const AMOUNT_BYTES = 12
const LEG_BYTES = ADDRESS_BYTES + AMOUNT_BYTES
const LEGS_MAX = 255

/**
 * Packs the longest beginning of `queued` that fits the gas bound, in its order. Pure. What does not fit stays for the next
 * batch; a first payment that alone is above the bound makes an empty plan.
 *
 * Each payment is `payerSalt (12) ‖ legCount (1) ‖ legCount × (recipient (20) ‖ amount (12))`.
 * @param gasMax Gas limit of the transaction: the protocol's, or the block's where that is lower.
 * @see contracts/src/interfaces/ITokenRules.sol, executeBatch
 */
export function planBatch(queued: readonly QueuedPayment[], gasMax: bigint = TRANSACTION_GAS_MAX): BatchPlan {
  const bound = gasMax < TRANSACTION_GAS_MAX ? gasMax : TRANSACTION_GAS_MAX
  const filled = new Set<string>()
  const fitting: QueuedPayment[] = []
  let gasLimit = BATCH_GAS
  for (const payment of queued.slice(0, BATCH_PAYMENTS_MAX)) {
    const gas = gasOf(payment, filled)
    if (gasLimit + gas > bound) break
    gasLimit += gas
    fitting.push(payment)
    for (const leg of payment.legs) filled.add(leg.recipient)
  }
  return {
    transactionIds: fitting.map((payment) => payment.transactionId),
    payments: pack(fitting),
    gasLimit,
  }
}

/** A recipient is fresh once in a batch: after its first leg it has a balance. */
function gasOf(payment: QueuedPayment, filled: ReadonlySet<string>): bigint {
  let gas = 0n
  for (const leg of payment.legs) gas += leg.isFresh && !filled.has(leg.recipient) ? FRESH_LEG_GAS : LEG_GAS
  return gas
}

function pack(payments: readonly QueuedPayment[]): Buffer {
  const length = payments.reduce((sum, payment) => sum + HEAD_BYTES + payment.legs.length * LEG_BYTES, 0)
  const packed = Buffer.alloc(length)
  let position = 0
  for (const { payerSalt, legs } of payments) {
    assert(payerSalt.length === SALT_BYTES, 'a salt has 12 bytes')
    assert(legs.length > 0 && legs.length <= LEGS_MAX, 'a payment has 1 to 255 legs')
    packed.set(payerSalt, position)
    packed.writeUInt8(legs.length, position + SALT_BYTES)
    position += HEAD_BYTES
    for (const leg of legs) {
      assert(leg.amount > 0n && leg.amount <= AMOUNT_MAX, 'an amount is positive and fits 12 bytes')
      packed.write(leg.recipient.slice(2), position, ADDRESS_BYTES, 'hex')
      packed.writeUInt32BE(Number(leg.amount >> 64n), position + ADDRESS_BYTES)
      packed.writeBigUInt64BE(leg.amount & 0xffff_ffff_ffff_ffffn, position + ADDRESS_BYTES + 4)
      position += LEG_BYTES
    }
  }
  return packed
}
