import type { Block, BlockHeader, ChainLog } from '../ledger/block.ts'
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

/** Logs per settlement, about: bounds the memory and the length of one database transaction. One block may hold more. */
const LOGS_MAX = 20_000
/** Blocks whose logs are asked for at a time. */
const BLOCKS_PER_READ = 20
/** With more contracts than this the node sends every log and we pick ours: long filters are refused by many nodes. */
const FILTER_ADDRESSES_MAX = 500

export interface BlocksToSettle {
  blocks: Block[]
  knowledge: SettlementKnowledge
}

/**
 * Reads everything needed to settle the first of these blocks, as many as the bound on logs allows. No database transaction
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
  const blocks = await readLogs(reader, headers, tokens)
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
  const filter = addresses.length <= FILTER_ADDRESSES_MAX ? addresses : null
  const blocks: Block[] = []
  let logCount = 0
  for (let start = 0; start < headers.length && logCount < LOGS_MAX; start += BLOCKS_PER_READ) {
    const part = headers.slice(start, start + BLOCKS_PER_READ)
    const logs = await readLogsOfPart(reader, part, filter)
    for (const header of part) {
      const ofBlock = logs.get(header.hash) ?? []
      blocks.push({ header, logs: ofBlock })
      logCount += ofBlock.length
    }
  }
  return blocks
}

async function readLogsOfPart(
  reader: BlockReader,
  headers: readonly BlockHeader[],
  filter: readonly string[] | null,
): Promise<Map<string, ChainLog[]>> {
  // An empty address filter would mean "all" to the node.
  if (filter?.length === 0) return new Map()
  const withLogs = headers.filter((header) => header.mayHaveLogs)
  if (withLogs.length === 0) return new Map()
  const logs = await reader.logs(withLogs, filter)
  return new Map(withLogs.map((header, index) => [header.hash, logs[index] ?? []]))
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
