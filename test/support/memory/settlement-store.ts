import type { ChainStore } from '#core/ledger/chain-store.ts'
import { addressKey } from '#core/ledger/settlement.ts'
import type { SettlementStore } from '#core/ledger/settlement-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import { confirmBlocks } from './confirm-blocks.ts'
import type { LedgerBench } from './ledger-rows.ts'
import { atOnce, type Gate, transact } from './memory-database.ts'
import { reverseBlocks } from './reverse-blocks.ts'
import type { MemoryTables } from './rows.ts'
import { settleBlocks } from './settle-blocks.ts'

/** The indexer's port over tables in memory. */
export function createMemorySettlementStore(tables: MemoryTables, ids: Ids, gate: Gate): SettlementStore {
  const write = <Result>(name: string, chainId: number, work: (bench: LedgerBench) => Promise<Result>) =>
    transact(tables.database, gate, name, (tx) => work({ tables, ids, gate, tx, chainId }))
  return {
    tokens: (chainId) =>
      atOnce(tables.database, gate, 'tokens', (tx) =>
        tx
          .all(tables.economies)
          .filter((row) => row.chainId === chainId)
          .map(({ id, tenantId, token, tokenRules }) => ({ economyId: id, tenantId, token, tokenRules })),
      ),

    submissionsOf: (txHashes) =>
      atOnce(tables.database, gate, 'submissions of', (tx) =>
        tx
          .all(tables.attempts)
          .filter(({ txHash }) => txHashes.includes(txHash))
          .flatMap(({ submissionId, txHash }) => {
            const row = tx.get(tables.submissions, submissionId)
            if (!row) return []
            const { id, kind, economyId } = row
            const payments = row.transactionIds.flatMap((transactionId) => {
              const payment = tx.get(tables.transactions, refKey(economyId ?? '', transactionId))
              return payment ? [{ transactionId, legs: payment.transfers.map(toLeg) }] : []
            })
            return [{ id, kind, economyId, txHash, payments }]
          }),
      ),

    accountIds: (places) =>
      atOnce(tables.database, gate, 'account ids', (tx) => {
        const wanted = new Set(places.map(({ economyId, address }) => addressKey(economyId, address)))
        const rows = tx
          .all(tables.accounts)
          .map((row) => [addressKey(row.economyId, row.address), row.id] as const)
        return new Map(rows.filter(([key]) => wanted.has(key)))
      }),

    callOf: (submissionId, blockNumber) =>
      atOnce(tables.database, gate, 'call of', (tx) => {
        const row = tx.get(tables.submissions, submissionId)
        const lane = row && tx.get(tables.lanes, row.laneId)
        if (!row || !lane) throw new RangeError(`submission ${submissionId} is unknown`)
        return { from: lane.address, ...row.call, blockNumber }
      }),

    settle: (chainId, from, settlement, headNumber) =>
      write('settle', chainId, (bench) => settleBlocks(bench, from, settlement, headNumber)),
    reverse: (chainId, from, ancestor) =>
      write('reverse', chainId, (bench) => reverseBlocks(bench, from, ancestor)),
    confirm: (chainId, transactionsMax) =>
      write('confirm', chainId, (bench) => confirmBlocks(bench, transactionsMax)),
  }
}

function toLeg({
  fromAccountId,
  toAccountId,
  amount,
}: {
  fromAccountId: string
  toAccountId: string
  amount: bigint
}) {
  return { fromAccountId, toAccountId, amount }
}

/** The followed chains over tables in memory. They begin at block 0. */
export function createMemoryChainStore(tables: MemoryTables, gate: Gate): ChainStore {
  const set = (name: string, chainId: number, isActive: boolean, haltReason: string | null) =>
    transact(tables.database, gate, name, async (tx) => {
      await tx.lock(gate, `chain/${chainId}`)
      const status = isActive ? 'active' : 'halted'
      return tx.change(tables.chains, String(chainId), { status, haltReason }, (row) => row.status !== status)
    })
  return {
    get: (chainId) =>
      atOnce(tables.database, gate, 'chain get', (tx) => {
        const row = tx.get(tables.chains, String(chainId))
        if (!row) throw new RangeError(`chain ${chainId} is unknown`)
        const cursor = tx.get(tables.cursors, String(chainId))
        const { number = 0, hash = '', finalNumber = 0 } = cursor ?? {}
        return { ...row, startNumber: 0, position: cursor ? { number, hash, finalNumber } : null }
      }),
    begin: (chainId, { number, hash }) =>
      transact(tables.database, gate, 'chain begin', async (tx) => {
        await tx.lock(gate, `cursor/${chainId}`)
        if (tx.get(tables.cursors, String(chainId))) return
        tx.put(tables.cursors, String(chainId), { number, hash, headNumber: number, finalNumber: number })
        tx.put(tables.blocks, `${chainId}/${number}/${hash}`, {
          chainId,
          number,
          hash,
          generation: 1,
          status: 'canonical',
        })
      }),
    canonicalHashes: (chainId, from, to) =>
      atOnce(tables.database, gate, 'canonical hashes', (tx) => {
        const rows = tx
          .all(tables.blocks)
          .filter(
            (row) =>
              row.chainId === chainId && row.number >= from && row.number <= to && row.status === 'canonical',
          )
        return new Map(rows.map(({ number, hash }) => [number, hash]))
      }),
    noteHead: (chainId, headNumber) =>
      transact(tables.database, gate, 'note head', async (tx) => {
        await tx.lock(gate, `cursor/${chainId}`)
        tx.change(tables.cursors, String(chainId), { headNumber })
      }),
    halt: (chainId, reason) => set('chain halt', chainId, false, reason),
    resume: (chainId) => set('chain resume', chainId, true, null),
  }
}
