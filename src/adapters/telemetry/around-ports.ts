import type { Chains } from '#core/chain/chain-rpc.ts'
import type { SubmissionStore } from '#core/chain/submission-store.ts'
import type { SettlementStore } from '#core/ledger/settlement-store.ts'
import type { OutboxReader } from '#core/outbox/outbox-reader.ts'

/** Something that stands around the ports of the money path and tells of what goes through: core knows nothing of it. */
export interface AroundPorts {
  submissions(store: SubmissionStore): SubmissionStore
  chains<Port extends Chains>(chains: Port): Port
  settlements(store: SettlementStore): SettlementStore
  outbox(reader: OutboxReader): OutboxReader
}

/** All of them at once, the first innermost. */
export function allAround(parts: readonly AroundPorts[]): AroundPorts {
  return {
    submissions: (store) => parts.reduce((inner, part) => part.submissions(inner), store),
    chains: (chains) => parts.reduce((inner, part) => part.chains(inner), chains),
    settlements: (store) => parts.reduce((inner, part) => part.settlements(inner), store),
    outbox: (reader) => parts.reduce((inner, part) => part.outbox(inner), reader),
  }
}
