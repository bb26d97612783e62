import type { Clock } from '../shared/clock.ts'
import type { BlockPosition } from '../ledger/chain-store.ts'
import type { Backing, Observation } from './backing.ts'
import type { GatewayReader } from './gateway-reader.ts'

/** Port: backings, with the worker's rights. */
export interface BackingDesk {
  /** With the newest final block of each chain; null while one of them is not followed. */
  find(economyId: string): Promise<{
    backing: Backing
    final: { value: BlockPosition; utility: BlockPosition } | null
  } | null>
  /** Kept unless a newer one is there. */
  record(economyId: string, observation: Observation): Promise<void>
}

export interface ObserveDeps {
  backings: BackingDesk
  reader: GatewayReader
  clock: Clock
}

/**
 * Reads what is staked, on its way and in existence at the newest final blocks of both chains, and keeps it with their hashes, so
 * that anybody can read the same there.
 *
 * May run twice. @throws ChainUnavailable when no node answers.
 */
export async function observeBacking(deps: ObserveDeps, economyId: string): Promise<void> {
  const found = await deps.backings.find(economyId)
  if (!found?.final) return
  const { backing, final } = found
  const { valueChainId, utilityChainId, gateway, utilityToken, termsId } = backing
  const [vault, supply] = await Promise.all([
    deps.reader.vault(valueChainId, gateway, termsId, final.value.number),
    deps.reader.supply(utilityChainId, utilityToken, final.utility.number),
  ])
  if (vault === null || supply === null) return
  await deps.backings.record(economyId, {
    ...vault,
    valueBlock: final.value,
    supply,
    utilityBlock: final.utility,
    at: deps.clock.now(),
  })
}
