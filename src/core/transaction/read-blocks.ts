import type { Block, BlockHeader } from '../ledger/block.ts'
import type { BlockReader } from '../ledger/block-reader.ts'
import { BlockVanished } from '../ledger/errors.ts'
import {
  addressKey,
  type KnownSubmission,
  type SubmissionOutcome,
  type TokenContracts,
} from '../ledger/settlement.ts'
import type { SettlementStore } from '../ledger/settlement-store.ts'
import type { SettlementKnowledge } from './settle-block.ts'

/**
 * Gas of the blocks of one settlement; one block may hold more. Bounds its memory and the length of its database transaction:
 * a transfer in a batch takes about 10,000 gas, so these are some 20,000 transfers.
 */
const GAS_MAX = 200_000_000n
/** With more contracts than this the node sends every log and we pick ours: long filters are refused by many nodes. */
const FILTER_ADDRESSES_MAX = 500

export interface BlocksToSettle {
  blocks: Block[]
  knowledge: SettlementKnowledge
}

/**
 * Reads everything needed to settle the first of these blocks, as many as the bound on gas allows. No database transaction
 * is open: what is read from the database never changes once a block can refer to it. That is why the order matters: the
 * headers exist already, so every token and every submission that their blocks can mention has been stored before.
 *
 * @throws ChainUnavailable, BlockVanished
 */
export async function readBlocks(
  deps: { settlements: SettlementStore },
  reader: BlockReader,
  chainId: number,
  headers: readonly BlockHeader[],
): Promise<BlocksToSettle> {
  const tokens = await deps.settlements.tokens(chainId)
  const blocks = await readLogs(reader, firstPart(headers), tokens)
  const hashes = blocks.flatMap((block) => block.header.transactionHashes)
  const [submissions, accountIds] = await Promise.all([
    hashes.length === 0 ? [] : deps.settlements.submissionsOf(hashes),
    deps.settlements.accountIds(placesIn(blocks, tokens)),
  ])
  const outcomes = await readOutcomes(deps, reader, blocks, submissions)
  return {
    blocks,
    knowledge: {
      tokens,
      accountIds,
      submissions: new Map(
        submissions.map((submission, index) => {
          const outcome = outcomes[index]
          if (!outcome) throw new BlockVanished(`no receipt of ${submission.txHash}`)
          return [submission.txHash, { submission, outcome }]
        }),
      ),
    },
  }
}

async function readLogs(
  reader: BlockReader,
  headers: readonly BlockHeader[],
  tokens: readonly TokenContracts[],
): Promise<Block[]> {
  const addresses = tokens.flatMap((contracts) => [contracts.token, contracts.tokenRules])
  const withLogs = headers.filter((header) => header.mayHaveLogs)
  // An empty address filter would mean "all" to the node.
  if (withLogs.length === 0 || addresses.length === 0) return headers.map((header) => ({ header, logs: [] }))
  const logs = await reader.logs(withLogs, addresses.length <= FILTER_ADDRESSES_MAX ? addresses : null)
  const logsOf = new Map(withLogs.map((header, index) => [header.hash, logs[index] ?? []]))
  return headers.map((header) => ({ header, logs: logsOf.get(header.hash) ?? [] }))
}

/** The first blocks, as many as the bound on gas allows, at least one. */
function firstPart(headers: readonly BlockHeader[]): BlockHeader[] {
  let gas = 0n
  const end = headers.findIndex((header, index) => {
    gas += header.gasUsed
    return index > 0 && gas > GAS_MAX
  })
  return headers.slice(0, end === -1 ? headers.length : end)
}

/** Every (economy, address) that the blocks' transfers touch, once. */
function placesIn(
  blocks: readonly Block[],
  tokens: readonly TokenContracts[],
): { economyId: string; address: string }[] {
  const economyOf = new Map(tokens.map((contracts) => [contracts.token, contracts.economyId]))
  const places = new Map<string, { economyId: string; address: string }>()
  for (const { logs } of blocks) {
    for (const log of logs) {
      const economyId = log.type === 'transfer' ? economyOf.get(log.address) : undefined
      if (log.type !== 'transfer' || economyId === undefined) continue
      for (const address of [log.from, log.to])
        places.set(addressKey(economyId, address), { economyId, address })
    }
  }
  return [...places.values()]
}

async function readOutcomes(
  deps: { settlements: SettlementStore },
  reader: BlockReader,
  blocks: readonly Block[],
  submissions: readonly KnownSubmission[],
): Promise<SubmissionOutcome[]> {
  if (submissions.length === 0) return []
  const headerOf = new Map<string, BlockHeader>()
  for (const { header } of blocks) for (const hash of header.transactionHashes) headerOf.set(hash, header)
  const receipts = await reader.receipts(submissions.map((submission) => submission.txHash))
  const outcomes: SubmissionOutcome[] = []
  for (const [index, { id, txHash }] of submissions.entries()) {
    const receipt = receipts[index]
    const header = headerOf.get(txHash)
    if (!receipt || receipt.blockHash !== header?.hash) {
      throw new BlockVanished(`the receipt of ${txHash} is from another block`)
    }
    const { gasUsed, effectiveGasPrice, succeeded } = receipt
    const revertReason = succeeded
      ? null
      : await reader.revertReason(await deps.settlements.callOf(id, header.number))
    outcomes.push({ txHash, gasUsed, effectiveGasPrice, revertReason })
  }
  return outcomes
}
