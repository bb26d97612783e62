import { createHash } from 'node:crypto'
import type { BlockHeader, ChainLog, Receipt } from '#core/ledger/block.ts'
import type { BlockReader, BlockReaders } from '#core/ledger/block-reader.ts'
import { BlockVanished } from '#core/ledger/errors.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'

/** A payment as a batch carries it. */
export interface SimulatedPayment {
  payer: string
  legs: readonly { to: string; amount: bigint }[]
}

export type SimulatedTx =
  | { hash: string; kind: 'transfer'; token: string; from: string; to: string; amount: bigint }
  | { hash: string; kind: 'call'; reverts: boolean }
  | {
      hash: string
      kind: 'batch'
      token: string
      tokenRules: string
      submissionId: string
      payments: readonly SimulatedPayment[]
      /** Percent of payments skipped for no good reason, and of batches reverted; decided by block, so forks differ. */
      skipPercent: number
      revertPercent: number
    }

interface SimulatedBlock {
  header: BlockHeader
  transactions: readonly SimulatedTx[]
  logs: readonly ChainLog[]
  receipts: readonly Receipt[]
  /** Balances after the block, by token and address. */
  balances: ReadonlyMap<string, bigint>
}

/** A chain in memory that forks at will: every block ever made stays, one of them is the head. */
export class SimulatedChain implements BlockReader {
  readonly mempool: SimulatedTx[] = []
  readonly #blocks = new Map<string, SimulatedBlock>()
  #canonical: SimulatedBlock[] = []
  #salt = 0

  constructor() {
    this.#canonical = [this.#build(null, [])]
  }

  get readers(): BlockReaders {
    return { get: () => this }
  }

  get head(): BlockHeader {
    return this.#top().header
  }

  balanceOf(token: string, address: string): bigint {
    return this.#top().balances.get(`${token}/${address}`) ?? 0n
  }

  /** Mines the oldest `count` transactions of the mempool into one block. */
  mine(count = this.mempool.length): BlockHeader {
    const block = this.#build(this.#top(), this.mempool.splice(0, count))
    this.#canonical.push(block)
    return block.header
  }

  /** Drops the newest `depth` blocks; their transactions wait again. Mines `blocks` empty ones in their place. */
  reorg(depth: number, blocks: number): void {
    const dropped = this.#canonical.splice(Math.max(1, this.#canonical.length - depth))
    this.mempool.unshift(...dropped.flatMap((block) => block.transactions))
    for (let count = 0; count < blocks; count += 1) this.mine(0)
  }

  /** Makes the branch that ends in this block the canonical one again. */
  switchTo(hash: string): void {
    const inBranch: SimulatedBlock[] = []
    for (let block = this.#blocks.get(hash); block; block = this.#blocks.get(block.header.parentHash)) {
      inBranch.unshift(block)
    }
    const before = this.#canonical.flatMap((block) => block.transactions)
    this.#canonical = inBranch
    const mined = new Set(inBranch.flatMap((block) => block.transactions.map((tx) => tx.hash)))
    const waiting = [...before, ...this.mempool].filter((tx) => !mined.has(tx.hash))
    this.mempool.splice(0, this.mempool.length, ...waiting)
  }

  async headNumber(): Promise<number> {
    return this.head.number
  }

  async headers(from: number, to: number): Promise<BlockHeader[]> {
    return this.#canonical.slice(from, to + 1).map((block) => block.header)
  }

  async logs(headers: readonly BlockHeader[], addresses: readonly string[] | null): Promise<ChainLog[][]> {
    return headers.map((header) =>
      this.#block(header.hash).logs.filter((log) => addresses?.includes(log.address) ?? true),
    )
  }

  async receipts(txHashes: readonly string[]): Promise<Receipt[]> {
    const all = new Map(
      this.#canonical.flatMap((block) => block.receipts.map((receipt) => [receipt.txHash, receipt])),
    )
    return txHashes.map((hash) => {
      const receipt = all.get(hash)
      if (!receipt) throw new BlockVanished(hash)
      return receipt
    })
  }

  async revertReason(): Promise<string> {
    return 'EnforcedPause()'
  }

  async balancesOf(token: string, addresses: readonly string[], blockHash: string): Promise<bigint[]> {
    const { balances } = this.#block(blockHash)
    return addresses.map((address) => balances.get(`${token}/${address}`) ?? 0n)
  }

  async totalSupply(token: string, blockHash: string): Promise<bigint> {
    return -(this.#block(blockHash).balances.get(`${token}/${ISSUANCE_ADDRESS}`) ?? 0n)
  }

  #top(): SimulatedBlock {
    const top = this.#canonical.at(-1)
    if (!top) throw new Error('the chain has a genesis block')
    return top
  }

  #block(hash: string): SimulatedBlock {
    const block = this.#blocks.get(hash)
    if (!block) throw new BlockVanished(hash)
    return block
  }

  #build(parent: SimulatedBlock | null, transactions: readonly SimulatedTx[]): SimulatedBlock {
    const number = parent ? parent.header.number + 1 : 0
    const parentHash = parent?.header.hash ?? `0x${'0'.repeat(64)}`
    this.#salt += 1
    const hash = hashOf(parentHash, String(this.#salt), ...transactions.map((tx) => tx.hash))
    const run = new BlockRun(hash, new Map(parent?.balances))
    for (const tx of transactions) run.execute(tx)
    const block: SimulatedBlock = {
      header: {
        number,
        hash,
        parentHash,
        minedAt: new Date(1_790_000_000_000 + number * 1_000),
        transactionHashes: transactions.map((tx) => tx.hash),
        gasUsed: BigInt(run.logs.length) * 10_000n,
        mayHaveLogs: run.logs.length > 0,
      },
      transactions,
      logs: run.logs,
      receipts: run.receipts,
      balances: run.balances,
    }
    this.#blocks.set(hash, block)
    return block
  }
}

class BlockRun {
  readonly logs: ChainLog[] = []
  readonly receipts: Receipt[] = []
  readonly balances: Map<string, bigint>
  readonly #hash: string

  constructor(hash: string, balances: Map<string, bigint>) {
    this.#hash = hash
    this.balances = balances
  }

  execute(tx: SimulatedTx): void {
    const succeeded = this.#run(tx)
    this.receipts.push({
      txHash: tx.hash,
      blockHash: this.#hash,
      succeeded,
      gasUsed: 100_000n,
      effectiveGasPrice: 1_000_000_000n,
    })
  }

  #run(tx: SimulatedTx): boolean {
    if (tx.kind === 'call') return !tx.reverts
    if (tx.kind === 'transfer') return this.#transfer(tx.token, tx.hash, tx.from, tx.to, tx.amount)
    if (this.#chance(tx.hash, 'revert') < tx.revertPercent) return false
    return this.#batch(tx)
  }

  #batch(tx: Extract<SimulatedTx, { kind: 'batch' }>): boolean {
    const { hash: txHash, submissionId, token, tokenRules: address } = tx
    const skips: { index: number; reason: string }[] = []
    tx.payments.forEach((payment, index) => {
      const total = payment.legs.reduce((sum, leg) => sum + leg.amount, 0n)
      const isCapped = this.#chance(txHash, String(index)) < tx.skipPercent
      if (isCapped || (this.balances.get(`${token}/${payment.payer}`) ?? 0n) < total) {
        skips.push({ index, reason: isCapped ? 'WindowCapExceeded' : 'InsufficientBalance' })
        return
      }
      for (const leg of payment.legs) this.#transfer(token, txHash, payment.payer, leg.to, leg.amount)
    })
    for (const skip of skips) {
      this.logs.push({
        type: 'payment_skipped',
        address,
        txHash,
        submissionId,
        ...skip,
        logIndex: this.logs.length,
      })
    }
    const executed = tx.payments.length - skips.length
    this.logs.push({
      type: 'batch_executed',
      address,
      txHash,
      submissionId,
      executed,
      skipped: skips.length,
      logIndex: this.logs.length,
    })
    return true
  }

  #transfer(token: string, txHash: string, from: string, to: string, amount: bigint): boolean {
    const balance = this.balances.get(`${token}/${from}`) ?? 0n
    if (from !== ISSUANCE_ADDRESS && balance < amount) return false
    this.balances.set(`${token}/${from}`, balance - amount)
    this.balances.set(`${token}/${to}`, (this.balances.get(`${token}/${to}`) ?? 0n) + amount)
    this.logs.push({ type: 'transfer', address: token, txHash, logIndex: this.logs.length, from, to, amount })
    return true
  }

  /** 0 to 99, the same for the same block. */
  #chance(...parts: readonly string[]): number {
    return Number.parseInt(hashOf(this.#hash, ...parts).slice(2, 10), 16) % 100
  }
}

function hashOf(...parts: readonly string[]): string {
  return `0x${createHash('sha256').update(parts.join('|')).digest('hex')}`
}
