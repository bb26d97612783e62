import { createHash } from 'node:crypto'
import { classifyBroadcastAnswer, type RawAnswer } from '#adapters/evm/classify-broadcast-answer.ts'
import type { AddressBook } from '#core/economy/address-book.ts'
import type { BroadcastAnswer } from '#core/chain/broadcast-answer.ts'
import type {
  BatchProbe,
  ChainRpc,
  ChainSettings,
  LaneSnapshot,
  NonceUser,
  TransactionPlace,
} from '#core/chain/chain-rpc.ts'
import type { LaneSigner, UnsignedTransaction } from '#core/chain/lane-signer.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import type { SimulatedChain, SimulatedPayment, SimulatedTx } from './simulated-chain.ts'

/**
 * What becomes of a broadcast on its way. answered: as it should be · lost: the node has it, the answer never comes · never:
 * neither arrives · late: it arrives with a later block · doubled: it arrives twice · lied: the node has it and says something
 * else · refused: the node has it not and says anything.
 */
export type Fate = 'answered' | 'lost' | 'never' | 'late' | 'doubled' | 'lied' | 'refused'

/** Words of real nodes that a lie is taken from. */
const LIES = [
  'transaction underpriced',
  'nonce too low',
  'txpool is full',
  'internal error',
  'insufficient funds for gas * price + value',
  'exceeds block gas limit',
  'replacement transaction underpriced',
]

interface PoolTx {
  tx: SimulatedTx & { sender: { address: string; nonce: number } }
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
  costWei: bigint
}

/** One node of a simulated chain: its pool, its fee market and its answers. */
export class SimulatedNode implements ChainRpc {
  readonly settings: ChainSettings
  readonly chain: SimulatedChain
  /** Fates of the next broadcasts. */
  readonly fates: { fate: Fate; lie: number }[] = []
  /** Transactions that use nobody's nonce, for the next block. */
  readonly strangers: SimulatedTx[] = []
  baseFeePerGas = 1_000_000_000n
  /** Whether offers below the base fee are refused or only wait. */
  refusesCheap = false
  /** Percent of payments skipped and of batches reverted for reasons of the block. */
  skipPercent = 0
  revertPercent = 0
  readonly wei = new Map<string, bigint>()
  readonly #pool = new Map<string, PoolTx>()
  /** Everything that was ever in the pool, for when a re-org brings it back. */
  readonly #known = new Map<string, PoolTx>()
  #late: Uint8Array[] = []
  readonly #book: AddressBook
  readonly #tokens: ReadonlyMap<string, string>

  /** @param options.tokens Token by the address of its rules. */
  constructor(
    chain: SimulatedChain,
    options: { settings: ChainSettings; book: AddressBook; tokens: ReadonlyMap<string, string> },
  ) {
    this.chain = chain
    this.settings = options.settings
    this.#book = options.book
    this.#tokens = options.tokens
  }

  get poolSize(): number {
    return this.#pool.size + this.strangers.length + this.#late.length
  }

  async laneSnapshot(address: string): Promise<LaneSnapshot> {
    const transactionCount = this.chain.countOf(address, 'shown')
    let pendingCount = transactionCount
    while (this.#pool.has(`${address}/${pendingCount}`)) pendingCount += 1
    return {
      transactionCount,
      pendingCount,
      balanceWei: this.#weiOf(address),
      headNumber: await this.chain.headNumber(),
      blockGasLimit: 30_000_000n,
      baseFeePerGas: this.baseFeePerGas,
      priorityFeePerGas: 1_000_000_000n,
    }
  }

  async probeBatch(_from: string, tokenRules: string): Promise<BatchProbe> {
    return this.chain.rulesOf(tokenRules).isPaused
      ? { isOpen: false, reason: 'EnforcedPause()' }
      : { isOpen: true }
  }

  async placesOf(txHashes: readonly string[]): Promise<TransactionPlace[]> {
    const pooled = new Set([...this.#pool.values()].map(({ tx }) => tx.hash))
    return txHashes.map((hash) =>
      this.chain.blockOf(hash) ? 'mined' : pooled.has(hash) ? 'pending' : 'absent',
    )
  }

  async findNonceUser(search: { address: string; nonce: number; from: number }): Promise<NonceUser | null> {
    return this.chain.userOf(search.address, search.nonce, search.from)
  }

  encodeBatch(submissionId: string, payments: Uint8Array): Uint8Array {
    return Buffer.concat([Buffer.from(submissionId), payments])
  }

  async broadcast(rawTx: Uint8Array, txHash: string): Promise<BroadcastAnswer> {
    const answer = this.#send(rawTx)
    const first = classifyBroadcastAnswer(answer, txHash)
    if (first.reason !== 'nonce_used') return first
    const [place] = await this.placesOf([txHash])
    return classifyBroadcastAnswer(answer, txHash, place !== 'absent')
  }

  /** Somebody else uses a relayer's key, and pays enough to be taken. */
  useKey(address: string, nonce: number, name: string): void {
    const tx = {
      hash: hashOf(`foreign/${name}`),
      kind: 'call',
      reverts: false,
      sender: { address, nonce },
    } as const
    const fee = this.baseFeePerGas * 1_000n
    this.#put({ tx, maxFeePerGas: fee, maxPriorityFeePerGas: fee, costWei: 0n })
  }

  /** Forgets pooled transactions, as nodes do. */
  drop(isDropped: (index: number) => boolean): void {
    for (const [index, key] of [...this.#pool.keys()].entries()) if (isDropped(index)) this.#pool.delete(key)
  }

  /** Mines a block of at most `limit` of the pool's executable transactions. */
  mine(limit = Number.POSITIVE_INFINITY): void {
    const [late, strangers] = [this.#late, this.strangers.splice(0)]
    this.#late = []
    for (const raw of late) this.#receive(raw)
    const taken: SimulatedTx[] = []
    const senders = [...new Set([...this.#pool.values()].map(({ tx }) => tx.sender.address))]
    for (const address of senders) {
      let count = this.chain.countOf(address)
      for (;;) {
        const next = this.#pool.get(`${address}/${count}`)
        if (!next || taken.length >= limit || next.maxFeePerGas < this.baseFeePerGas) break
        taken.push(next.tx)
        count += 1
      }
    }
    this.chain.append([...strangers, ...taken])
    for (const [key, { tx }] of this.#pool) {
      if (tx.sender.nonce < this.chain.countOf(tx.sender.address)) this.#pool.delete(key)
    }
  }

  /** Replaces the newest `depth` blocks by others. What `returns` refuses to take back is forgotten. */
  reorg(depth: number, blocks: number, limit: number, returns: (index: number) => boolean): void {
    this.#takeBack(this.chain.rewind(depth).filter((_tx, index) => returns(index)))
    for (let count = 0; count < blocks; count += 1) this.mine(limit)
  }

  /** Makes the branch that ends in this block the canonical one again. */
  switchTo(hash: string): void {
    this.chain.switchTo(hash)
    const waiting = this.chain.mempool.splice(0)
    this.chain.highest = Math.max(this.chain.highest, this.chain.head.number)
    this.#takeBack(waiting)
  }

  /** What an orphaned block held waits again. */
  #takeBack(transactions: readonly SimulatedTx[]): void {
    for (const tx of transactions) {
      const known = this.#known.get(tx.hash)
      if (known && !this.#pool.has(keyOf(known))) this.#pool.set(keyOf(known), known)
      else if (!known) this.strangers.push(tx)
    }
  }

  #send(rawTx: Uint8Array): RawAnswer {
    const { fate, lie } = this.fates.shift() ?? { fate: 'answered', lie: 0 }
    const words = { refusal: LIES[lie % LIES.length] ?? 'internal error' }
    switch (fate) {
      case 'answered':
        return this.#receive(rawTx)
      case 'lost':
        this.#receive(rawTx)
        return { failure: 'the answer was lost' }
      case 'never':
        return { failure: 'the connection was reset' }
      case 'late':
        this.#late.push(rawTx)
        return { failure: 'timed out' }
      case 'doubled':
        this.#receive(rawTx)
        return this.#receive(rawTx)
      case 'lied':
        this.#receive(rawTx)
        return words
      case 'refused':
        return words
    }
  }

  /** What a node checks before it takes a transaction, in geth's order and words. */
  #receive(rawTx: Uint8Array): RawAnswer {
    const pooled = this.#decode(rawTx)
    const { address, nonce } = pooled.tx.sender
    const present = this.#pool.get(keyOf(pooled))
    if (present?.tx.hash === pooled.tx.hash) return { refusal: 'already known' }
    if (nonce < this.chain.countOf(address)) return { refusal: 'nonce too low' }
    if (this.#weiOf(address) < pooled.costWei)
      return { refusal: 'insufficient funds for gas * price + value' }
    if (this.refusesCheap && pooled.maxFeePerGas < this.baseFeePerGas)
      return { refusal: 'max fee per gas less than block base fee' }
    if (present && !isDearer(pooled, present)) return { refusal: 'replacement transaction underpriced' }
    this.#put(pooled)
    return { hash: pooled.tx.hash }
  }

  #put(pooled: PoolTx): void {
    this.#pool.set(keyOf(pooled), pooled)
    this.#known.set(pooled.tx.hash, pooled)
  }

  #weiOf(address: string): bigint {
    return this.wei.get(address) ?? 10n ** 24n
  }

  #decode(rawTx: Uint8Array): PoolTx {
    const signed = decodeSigned(rawTx)
    const { maxFeePerGas, maxPriorityFeePerGas, gasLimit } = signed
    const sender = { address: signed.address, nonce: signed.nonce }
    const tx = { hash: hashOf(rawTx), sender, ...this.#actOf(signed) }
    return { tx, maxFeePerGas, maxPriorityFeePerGas, costWei: gasLimit * maxFeePerGas }
  }

  #actOf({ to, data }: UnsignedTransaction) {
    const token = this.#tokens.get(to)
    if (token !== undefined) {
      return {
        kind: 'batch' as const,
        token,
        tokenRules: to,
        submissionId: Buffer.from(data.subarray(0, UUID_LENGTH)).toString(),
        payments: this.#payments(token, data.subarray(UUID_LENGTH)),
        skipPercent: this.skipPercent,
        revertPercent: this.revertPercent,
      }
    }
    const [grantedToken, holder, amount] = Buffer.from(data).toString().split(':')
    if (grantedToken === undefined || holder === undefined || amount === undefined)
      return { kind: 'call' as const, reverts: false }
    const [from, units] = [ISSUANCE_ADDRESS, BigInt(amount)]
    return { kind: 'transfer' as const, token: grantedToken, from, to: holder, amount: units }
  }

  /** @see contracts/src/interfaces/ITokenRules.sol, executeBatch */
  #payments(token: string, packed: Uint8Array): SimulatedPayment[] {
    const bytes = Buffer.from(packed)
    const payments: SimulatedPayment[] = []
    for (let at = 0; at < bytes.length; ) {
      const payer = this.#book.holderAddress(this.settings.chainId, token, bytes.subarray(at, at + 12))
      const legs = Array.from({ length: bytes.readUInt8(at + 12) }, (_, index) => {
        const leg = bytes.subarray(at + 13 + index * 32, at + 13 + (index + 1) * 32)
        return { to: `0x${leg.toString('hex', 0, 20)}`, amount: BigInt(`0x${leg.toString('hex', 20)}`) }
      })
      payments.push({ payer, legs })
      at += 13 + legs.length * 32
    }
    return payments
  }
}

const UUID_LENGTH = 36

/** Both fees 12.5 % higher. */
function isDearer(offer: PoolTx, present: PoolTx): boolean {
  return (
    offer.maxFeePerGas * 8n >= present.maxFeePerGas * 9n &&
    offer.maxPriorityFeePerGas * 8n >= present.maxPriorityFeePerGas * 9n
  )
}

function keyOf({ tx }: PoolTx): string {
  return `${tx.sender.address}/${tx.sender.nonce}`
}

/** A relayer's key that signs in plain text. */
export function simulatedSigner(address: string): LaneSigner {
  return {
    sign(transaction) {
      const { data, ...fields } = transaction
      const text = JSON.stringify({ address, ...fields }, (_name, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      )
      const rawTx = Buffer.concat([Buffer.from(`${text}\n`), data])
      return { rawTx, txHash: hashOf(rawTx) }
    },
  }
}

function decodeSigned(rawTx: Uint8Array): UnsignedTransaction & { address: string } {
  const bytes = Buffer.from(rawTx)
  const end = bytes.indexOf('\n')
  const fields: unknown = JSON.parse(bytes.toString('utf8', 0, end), (_name, value: unknown) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  )
  // Only simulatedSigner makes these bytes, from exactly these fields.
  return {
    ...(fields as Omit<UnsignedTransaction, 'data'> & { address: string }),
    data: bytes.subarray(end + 1),
  }
}

function hashOf(content: string | Uint8Array): string {
  return `0x${createHash('sha256').update(content).digest('hex')}`
}
