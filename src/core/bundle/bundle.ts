import type { TransactionStatus } from '../transaction/transaction.ts'

/** direct_transfer: amounts in base units · pricer: amounts in a fiat currency, by the price of the moment. */
export type BundleRule = 'direct_transfer' | 'pricer'

/** The caller's label of an execution. Absent parts are empty. */
export interface MetaProperty {
  name?: string
  type?: string
  details?: string
}

/** Transactions that are accepted together or not at all, as the caller asked for them. */
export interface NewBundle {
  id: string
  rule: BundleRule
  /** The caller's words, kept for whoever asks what was meant. */
  call: Readonly<Record<string, unknown>>
  meta: MetaProperty
}

/** Payments that one bundle may have. */
export const BUNDLE_MEMBERS_MAX = 10

/**
 * How far a bundle is: as far as the member that is the least far. Once all have ended, it has failed if one of them has:
 * accepted together, they are payments of their own on the chain.
 */
export function bundleStatus(members: readonly TransactionStatus[]): TransactionStatus {
  const least = PROGRESS.find((status) => members.includes(status)) ?? 'failed'
  return least === 'confirmed' && members.includes('failed') ? 'failed' : least
}

/** From the least far on. */
const PROGRESS: readonly TransactionStatus[] = ['queued', 'submitted', 'mined', 'confirmed']
