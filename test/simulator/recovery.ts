import assert from 'node:assert/strict'
import type { SentTransaction } from '#core/chain/sent-transaction.ts'
import type { Recovery } from '#core/transaction/recover-lane.ts'
import type { MemoryTables } from '#test/support/memory/rows.ts'
import type { SimulatedChain, SimulatedTx } from '#test/support/simulated-chain.ts'
import type { Process } from './scheduler.ts'

/**
 * What recognises payments of a lane's key that no row knows. No database is ever restored here, so there must never be one:
 * whoever asks for more than to look has found a defect.
 */
export function createRecovery(process: Process, tables: MemoryTables, chain: SimulatedChain): Recovery {
  const never = () => assert.fail('no database was restored')
  return {
    store: {
      async concerns({ to, data }) {
        await process.step('db concerns')
        const isQueued = [...tables.submissions.committed.values()].some(
          ({ status, call }) => status === 'queued' && call.to === to && Buffer.from(call.data).equals(data),
        )
        return (
          isQueued || [...tables.economies.committed.values()].some(({ tokenRules }) => tokenRules === to)
        )
      },
      state: never,
      record: never,
      finish: never,
    },
    transactions: {
      async read(chainId, txHash) {
        await process.step('rpc read transaction')
        const found = chain.find(txHash)
        return found ? toSent(chainId, found.transaction, found.header) : null
      },
      decodeBatch: never,
    },
  }
}

function toSent(
  chainId: number,
  transaction: SimulatedTx,
  { number, hash, minedAt }: SimulatedChain['head'],
): SentTransaction {
  const grant =
    transaction.kind === 'transfer' ? [transaction.token, transaction.to, transaction.amount].join(':') : ''
  return {
    txHash: transaction.hash,
    chainId,
    from: transaction.sender?.address ?? '',
    to: transaction.kind === 'batch' ? transaction.tokenRules : `0x${'f'.repeat(40)}`,
    nonce: transaction.sender?.nonce ?? 0,
    data: Buffer.from(grant),
    gasLimit: 0n,
    maxFeePerGas: 0n,
    maxPriorityFeePerGas: 0n,
    rawTx: new Uint8Array(),
    blockNumber: number,
    blockHash: hash,
    minedAt,
    succeeded: true,
    gasUsed: 0n,
    effectiveGasPrice: 0n,
    skipped: new Map(),
  }
}
