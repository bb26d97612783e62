import type { LaneOverview } from '#core/chain/platform-desk.ts'
import { toWire } from './wire-id.ts'

export function presentLane(lane: LaneOverview) {
  return {
    object: 'lane' as const,
    id: toWire('lan', lane.id),
    chain_id: lane.chainId,
    chain_name: lane.chainName,
    chain_status: lane.chainStatus,
    address: lane.address,
    status: lane.status,
    pause_reason: lane.pauseReason,
    recovery_requested_at: lane.recoveryRequestedAt?.toISOString() ?? null,
    balance_wei: lane.balanceWei?.toString() ?? null,
    base_fee_per_gas: lane.baseFeePerGas?.toString() ?? null,
    priority_fee_per_gas: lane.priorityFeePerGas?.toString() ?? null,
    chain_nonce: lane.chainNonce,
    checked_at: lane.checkedAt?.toISOString() ?? null,
    next_nonce: lane.nextNonce,
    missing_nonces: lane.missingNonces,
    queued_transactions: lane.queuedTransactions,
    queued_calls: lane.queuedCalls,
    in_flight: lane.inFlight,
    oldest_in_flight_at: lane.oldestInFlightAt?.toISOString() ?? null,
  }
}
