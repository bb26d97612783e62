import type { ChainRpc, NonceUser } from '../chain/chain-rpc.ts'
import type { Lane } from '../chain/lane.ts'
import { pauseLane } from './pause-lane.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Unknown nonces that are looked at before the lane signs on; with more of them a person has to look. */
const NONCES_INSPECTED_MAX = 64

/**
 * harmless: somebody used the key for something that is no payment of ours: go on behind it · unseen: what used the nonces is
 * in no block yet: sign nothing, look again · payments: the lane is paused now.
 */
export type Inspection = 'harmless' | 'unseen' | 'payments'

type Deps = Pick<SubmissionDeps, 'lanes' | 'observer' | 'recovery'>

/**
 * Looks at transactions of a relayer's key that no row knows, newest first. The key used elsewhere is an alarm; but after a
 * database was restored these are the platform's own forgotten batches, and what they paid may wait in the queue again. So
 * nothing is signed before all of them are seen, and one payment among them pauses the lane until an operator decides.
 *
 * @param nonces `first` to `last`, both used on the chain or in the node's pool.
 * @throws ChainUnavailable
 * @see docs/runbook.md, Restoring a backup
 */
export async function inspectUnknownNonces(
  deps: Deps,
  lane: Lane,
  chain: ChainRpc,
  nonces: { first: number; last: number; headNumber: number },
): Promise<Inspection> {
  const { recovery } = deps
  if (!recovery) return 'harmless'
  const { last, headNumber } = nonces
  const first = Math.max(nonces.first, last - NONCES_INSPECTED_MAX + 1)
  for (let nonce = last; nonce >= first; nonce -= 1) {
    const user = await chain.findNonceUser({
      address: lane.address,
      nonce,
      from: headNumber,
      notBefore: new Date(0),
    })
    if (!user) return 'unseen'
    const found = await pauseIfPayment(deps, lane, nonce, user)
    if (found !== 'harmless') return found
  }
  return 'harmless'
}

/** Pauses the lane when a transaction of its key that we do not know is a batch or a call of ours. */
export async function pauseIfPayment(
  deps: Deps,
  lane: Lane,
  nonce: number,
  user: NonceUser,
): Promise<Inspection> {
  const { recovery } = deps
  if (!recovery) return 'harmless'
  const sent = await recovery.transactions.read(lane.chainId, user.txHash)
  if (!sent) return 'unseen'
  const { to, data } = sent
  if (to === null || !(await recovery.store.concerns({ chainId: lane.chainId, to, data }))) return 'harmless'
  await pauseLane(
    deps,
    lane,
    'unknown_payments',
    `transaction ${user.txHash} with nonce ${nonce} pays for an economy of ours and has no row: was a backup restored?`,
  )
  return 'payments'
}
