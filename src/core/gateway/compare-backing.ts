import { unequal } from '../ledger/difference.ts'
import type { Difference } from '../ledger/reconciliation-store.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { Observation } from './backing.ts'
import type { GatewayReader } from './gateway-reader.ts'
import { weighBacking } from './judge-backing.ts'
import type { BackingDesk, BooksSnapshot } from './post-backing.ts'

/** What a gateway and a token say at the blocks where the books stand. Null: the node no longer has that state. */
interface ChainWord {
  vault: { staked: BaseUnits; inFlight: BaseUnits } | null
  supply: BaseUnits | null
}

export interface CompareBackingDeps {
  backings: Pick<BackingDesk, 'snapshot'>
  gateways: Pick<GatewayReader, 'vault' | 'supply'>
}

/**
 * Finds every difference between the books of an economy's backing, their own sums, and both chains; and whether the supply is not
 * covered. None for an economy without a backing.
 * @throws ChainUnavailable when no node answers
 */
export async function compareBacking(deps: CompareBackingDeps, economyId: string): Promise<Difference[]> {
  const snapshot = await deps.backings.snapshot(economyId)
  if (!snapshot?.seen) return []
  const { valueChainId, gateway, termsId, utilityChainId, utilityToken, seen } = snapshot
  const [vault, supply] = await Promise.all([
    deps.gateways.vault(valueChainId, gateway, termsId, seen.valueBlock.number),
    deps.gateways.supply(utilityChainId, utilityToken, seen.utilityBlock.number),
  ])
  return differencesOf(snapshot, seen, { vault, supply })
}

function differencesOf(
  snapshot: BooksSnapshot,
  seen: Observation,
  { vault, supply }: ChainWord,
): Difference[] {
  const [gateway, token] = [{ address: snapshot.gateway }, { address: snapshot.utilityToken }]
  const { backing, needed } = weighBacking(snapshot, seen)
  return [
    ...(vault ? unequal('vault', gateway, vault.staked, seen.staked) : []),
    ...(vault ? unequal('in_flight', gateway, vault.inFlight, seen.inFlight) : []),
    ...(supply === null ? [] : unequal('backed_supply', token, supply, seen.supply)),
    ...snapshot.accounts.flatMap(({ entries, balance }) =>
      unequal('backing_entries', gateway, entries, balance),
    ),
    ...(backing < needed ? unequal('uncovered', gateway, needed, backing) : []),
  ]
}
