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

/** What an economy's rules contract keeps; what its owner changes. */
export interface SimulatedRules {
  isPaused: boolean
  /** Largest payment; null: no cap. */
  perPayment: bigint | null
  /** Holders closed to the operator. */
  selfCustodied: readonly string[]
}

/** Whose nonce a transaction uses; without one it uses none that anybody watches. */
interface Sent {
  hash: string
  sender?: { address: string; nonce: number }
}

export type SimulatedTx = Sent & SimulatedAct

type SimulatedAct =
  | { kind: 'transfer'; token: string; from: string; to: string; amount: bigint }
  | { kind: 'call'; reverts: boolean }
  | { kind: 'rules'; tokenRules: string; change: Partial<SimulatedRules> }
  | {
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
  state: ChainState
}

/** The chain's state after a block. */
interface ChainState {
  /** By token and address. */
  balances: Map<string, bigint>
  /** Nonces used, by sender. */
  counts: Map<string, number>
  /** By the address of the rules. */
  rules: Map<string, SimulatedRules>
}

const OPEN_RULES: SimulatedRules = { isPaused: false, perPayment: null, selfCustodied: [] }
const TIME_ZERO_MS = 1_790_000_000_000

/** A chain in memory that forks at will: every block ever made stays, one of them is the head. */
export class SimulatedChain implements BlockReader {
  readonly mempool: SimulatedTx[] = []
  /** Newest blocks that reads do not show yet, as from a node that lags. */
  lag = 0
  /** Highest block there ever was, on whatever branch. */
  highest = 0
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
    return this.#top().state.balances.get(`${token}/${address}`) ?? 0n
  }

  /** Nonces that `address` has used; `shown`: as far as reads show. */
  countOf(address: string, view: 'shown' | 'true' = 'true'): number {
    const top = view === 'shown' ? this.#shown().at(-1) : this.#top()
    return top?.state.counts.get(address) ?? 0
  }

  rulesOf(tokenRules: string): SimulatedRules {
    return this.#shown().at(-1)?.state.rules.get(tokenRules) ?? OPEN_RULES
  }

  /** The block of the canonical branch that holds the transaction, as far as reads show; null where none does. */
  blockOf(txHash: string): BlockHeader | null {
    const block = this.#shown().findLast(({ header }) => header.transactionHashes.includes(txHash))
    return block?.header ?? null
  }

  /** A transaction with its block, as far as reads show. */
  find(txHash: string): { transaction: SimulatedTx; header: BlockHeader } | null {
    for (const { header, transactions } of this.#shown()) {
      const transaction = transactions.find(({ hash }) => hash === txHash)
      if (transaction) return { transaction, header }
    }
    return null
  }

  /** The transaction up to block `upTo` that used the nonce. */
  userOf(address: string, nonce: number, upTo: number): { txHash: string; blockNumber: number } | null {
    for (const { header, transactions } of this.#shown().slice(0, upTo + 1)) {
      const tx = transactions.find(({ sender }) => sender?.address === address && sender.nonce === nonce)
      if (tx) return { txHash: tx.hash, blockNumber: header.number }
    }
    return null
  }

  /** Everything that happened up to a block, on whatever branch it is, oldest first. */
  historyOf(hash: string): { transactions: readonly SimulatedTx[]; logs: readonly ChainLog[] }[] {
    const blocks: SimulatedBlock[] = []
    for (let block = this.#blocks.get(hash); block; block = this.#blocks.get(block.header.parentHash))
      blocks.unshift(block)
    return blocks
  }

  /** Mines the oldest `count` transactions of the mempool into one block. */
  mine(count = this.mempool.length): BlockHeader {
    return this.append(this.mempool.splice(0, count))
  }

  /** Mines these transactions into one block. */
  append(transactions: readonly SimulatedTx[]): BlockHeader {
    const block = this.#build(this.#top(), transactions)
    this.#canonical.push(block)
    this.highest = Math.max(this.highest, block.header.number)
    return block.header
  }

  /** Drops the newest `depth` blocks. @returns their transactions. */
  rewind(depth: number): SimulatedTx[] {
    const dropped = this.#canonical.splice(Math.max(1, this.#canonical.length - depth))
    return dropped.flatMap((block) => block.transactions)
  }

  /** Drops the newest `depth` blocks; their transactions wait again. Mines `blocks` empty ones in their place. */
  reorg(depth: number, blocks: number): void {
    this.mempool.unshift(...this.rewind(depth))
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

  /** Whether the branch that ends in this block keeps the canonical block at `number`. */
  isOnBranch(hash: string, number: number): boolean {
    const kept = this.#canonical[number]?.header.hash
    for (let block = this.#blocks.get(hash); block; block = this.#blocks.get(block.header.parentHash)) {
      if (block.header.hash === kept) return true
    }
    return false
  }

  async headNumber(): Promise<number> {
    return this.#shown().length - 1
  }

  async headers(from: number, to: number): Promise<BlockHeader[]> {
    return this.#shown()
      .slice(from, to + 1)
      .map((block) => block.header)
  }

  async logs(headers: readonly BlockHeader[], addresses: readonly string[] | null): Promise<ChainLog[][]> {
    return headers.map((header) =>
      this.#block(header.hash).logs.filter((log) => addresses?.includes(log.address) ?? true),
    )
  }

  async receipts(txHashes: readonly string[]): Promise<Receipt[]> {
    const all = new Map(
      this.#shown().flatMap((block) => block.receipts.map((receipt) => [receipt.txHash, receipt])),
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
    const { balances } = this.#block(blockHash).state
    return addresses.map((address) => balances.get(`${token}/${address}`) ?? 0n)
  }

  async totalSupply(token: string, blockHash: string): Promise<bigint> {
    return -(this.#block(blockHash).state.balances.get(`${token}/${ISSUANCE_ADDRESS}`) ?? 0n)
  }

  /** What reads show: all but the newest `lag` blocks. */
  #shown(): readonly SimulatedBlock[] {
    if (this.lag === 0) return this.#canonical
    return this.#canonical.slice(0, Math.max(1, this.#canonical.length - this.lag))
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
    const run = new BlockRun(hash, {
      balances: new Map(parent?.state.balances),
      counts: new Map(parent?.state.counts),
      rules: new Map(parent?.state.rules),
    })
    for (const tx of transactions) run.execute(tx)
    const block: SimulatedBlock = {
      header: {
        number,
        hash,
        parentHash,
        minedAt: new Date(TIME_ZERO_MS + number * 1_000),
        transactionHashes: transactions.map((tx) => tx.hash),
        gasUsed: BigInt(run.logs.length) * 10_000n,
        mayHaveLogs: run.logs.length > 0,
      },
      transactions,
      logs: run.logs,
      receipts: run.receipts,
      state: run.state,
    }
    this.#blocks.set(hash, block)
    return block
  }
}

class BlockRun {
  readonly logs: ChainLog[] = []
  readonly receipts: Receipt[] = []
  readonly state: ChainState
  readonly #hash: string

  constructor(hash: string, state: ChainState) {
    this.#hash = hash
    this.state = state
  }

  execute(tx: SimulatedTx): void {
    if (tx.sender) this.state.counts.set(tx.sender.address, tx.sender.nonce + 1)
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
    if (tx.kind === 'rules') {
      this.state.rules.set(tx.tokenRules, { ...this.#rulesOf(tx.tokenRules), ...tx.change })
      return true
    }
    if (this.#rulesOf(tx.tokenRules).isPaused) return false
    if (this.#chance(tx.hash, 'revert') < tx.revertPercent) return false
    return this.#batch(tx)
  }

  /** @see contracts/src/UtilityBrandedToken.sol, _payNext */
  #batch(tx: Extract<SimulatedTx, { kind: 'batch' }>): boolean {
    const { hash: txHash, submissionId, token, tokenRules: address } = tx
    const skips: { index: number; reason: string }[] = []
    tx.payments.forEach((payment, index) => {
      const reason = this.#reasonAgainst(tx, payment, index)
      if (reason !== null) {
        skips.push({ index, reason })
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

  #reasonAgainst(
    tx: Extract<SimulatedTx, { kind: 'batch' }>,
    payment: SimulatedPayment,
    index: number,
  ): string | null {
    const { perPayment, selfCustodied } = this.#rulesOf(tx.tokenRules)
    const total = payment.legs.reduce((sum, leg) => sum + leg.amount, 0n)
    if (payment.legs.some(({ to }) => to === ISSUANCE_ADDRESS || to === tx.token)) return 'InvalidRecipient'
    if (payment.legs.some(({ amount }) => amount === 0n)) return 'ZeroAmount'
    if (perPayment !== null && total > perPayment) return 'ItemCapExceeded'
    if (selfCustodied.includes(payment.payer)) return 'SelfCustodied'
    if ((this.state.balances.get(`${tx.token}/${payment.payer}`) ?? 0n) < total) return 'InsufficientBalance'
    return this.#chance(tx.hash, String(index)) < tx.skipPercent ? 'WindowCapExceeded' : null
  }

  #rulesOf(tokenRules: string): SimulatedRules {
    return this.state.rules.get(tokenRules) ?? OPEN_RULES
  }

  #transfer(token: string, txHash: string, from: string, to: string, amount: bigint): boolean {
    const { balances } = this.state
    const balance = balances.get(`${token}/${from}`) ?? 0n
    if (from !== ISSUANCE_ADDRESS && balance < amount) return false
    balances.set(`${token}/${from}`, balance - amount)
    balances.set(`${token}/${to}`, (balances.get(`${token}/${to}`) ?? 0n) + amount)
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
