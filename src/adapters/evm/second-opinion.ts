import type { ChainStore } from '#core/ledger/chain-store.ts'
import type { SettlementStore } from '#core/ledger/settlement-store.ts'
import type { RpcClient } from './rpc-client.ts'

type ClientOf = (chainId: number) => Pick<RpcClient, 'confirmSource'>

/** A chain is halted only when the node that the contradiction was read from is not contradicted itself. @throws RpcUnavailable */
export function haltsOnSecondOpinion(store: ChainStore, clientOf: ClientOf): ChainStore {
  return {
    ...store,
    async halt(chainId, reason) {
      await clientOf(chainId).confirmSource()
      return store.halt(chainId, reason)
    },
  }
}

/** Blocks are taken back only when the other nodes agree with the one that no longer has them. @throws RpcUnavailable */
export function reversesOnSecondOpinion(store: SettlementStore, clientOf: ClientOf): SettlementStore {
  return {
    ...store,
    async reverse(chainId, from, ancestor) {
      await clientOf(chainId).confirmSource()
      return store.reverse(chainId, from, ancestor)
    },
  }
}
