import type { Book, GatewayEvent, GatewayLog } from '#core/gateway/backing-accounts.ts'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { randomHash } from './ledger-fixtures.ts'

/** Base units of the token for one of the value token, in the fixture's backings. */
export const VALUE_OF = 100n

export interface BlockOfLogs extends BlockPosition {
  parentHash: string
  logs: GatewayLog[]
}

/** A message as its source has it. */
interface OpenMessage {
  hash: string
  amount: bigint
}

/** A chain with one gateway of a backed economy on it, written as the contracts would, and what its books must come to. */
export class GatewayChain {
  readonly blocks: BlockOfLogs[] = []
  readonly #book: Book
  #pending: Pick<GatewayLog, 'event' | 'messageHash' | 'amount'>[] = []
  /** What the last re-org took. */
  #dropped: BlockOfLogs[] = []

  constructor(book: Book) {
    this.#book = book
  }

  add(event: GatewayEvent, messageHash: string | null, amount: bigint | null = null): void {
    this.#pending.push({ event, messageHash, amount })
  }

  mine(chainId: number): BlockOfLogs {
    const tip = this.blocks.at(-1)
    const [number, blockHash, txHash] = [(tip?.number ?? 0) + 1, randomHash(), randomHash()]
    const place = { chainId, blockNumber: number, blockHash, txHash }
    const logs = this.#pending.map((log, logIndex) => ({ ...log, ...place, logIndex }))
    this.#pending = []
    const block = { number, hash: blockHash, parentHash: tip?.hash ?? randomHash(), logs }
    this.blocks.push(block)
    return block
  }

  /** Takes blocks back, the first one never. */
  drop(depth: number): BlockOfLogs[] {
    this.#pending = []
    this.#dropped = this.blocks.splice(Math.max(1, this.blocks.length - depth))
    return this.#dropped
  }

  /** Returns to the fork that was left last. */
  comeBack(): { orphaned: BlockOfLogs[]; adopted: BlockOfLogs[] } {
    const adopted = this.#dropped
    const [first] = adopted
    if (!first) return { orphaned: [], adopted: [] }
    this.#pending = []
    const at = this.blocks.findIndex(({ hash }) => hash === first.parentHash)
    if (at < 0) return { orphaned: [], adopted: [] }
    this.#dropped = this.blocks.splice(at + 1)
    this.blocks.push(...adopted)
    return { orphaned: this.#dropped, adopted }
  }

  logs(from: number, to: BlockPosition): GatewayLog[] | null {
    if (this.blocks.find(({ number }) => number === to.number)?.hash !== to.hash) return null
    return this.blocks
      .filter(({ number }) => number >= from && number <= to.number)
      .flatMap(({ logs }) => logs)
  }

  /** What the gateway's storage would say now, message by message. */
  state() {
    const said = [...this.blocks.flatMap(({ logs }) => logs), ...this.#pending]
    const of = (...events: GatewayEvent[]) => said.filter(({ event }) => events.includes(event))
    const sum = (logs: readonly { amount: bigint | null }[]) =>
      logs.reduce((total, { amount }) => total + (amount ?? 0n), 0n)
    const hashes = (...events: GatewayEvent[]) => new Set(of(...events).map((log) => log.messageHash ?? ''))
    const ended = hashes('StakeProgressed', 'StakeRevoked', 'RedeemProgressed', 'RedeemRevoked')
    const burned = hashes('RedeemProgressed')
    const [released, revoked] = [hashes('StakeProgressed'), hashes('StakeRevoked')]
    const declared = of('StakeDeclared', 'RedeemDeclared').map(({ messageHash, amount }) => ({
      hash: messageHash ?? '',
      amount: amount ?? 0n,
    }))
    const open: OpenMessage[] = declared.filter(({ hash }) => !ended.has(hash))
    const staked = declared.filter(({ hash }) => released.has(hash) && !revoked.has(hash))
    return {
      open,
      released: staked,
      minted: hashes('Minted'),
      paid: hashes('Unstaked'),
      known: new Set(said.map(({ messageHash }) => messageHash)),
      inFlight: this.#book === 'value' ? sum(open) : 0n,
      vault: sum(staked) - sum(of('Unstaked', 'ExitPaid')),
      redeeming: this.#book === 'utility' ? sum(open) : 0n,
      supply:
        sum(of('Minted')) -
        sum(declared.filter(({ hash }) => burned.has(hash))) -
        (this.#book === 'utility' ? sum(open) : 0n),
    }
  }

  /** One thing that somebody could do at this gateway now. */
  act(
    { dice, amount }: { dice: number; amount: bigint },
    chains: Readonly<Record<Book, GatewayChain>>,
  ): void {
    const state = this.state()
    const other = chains[this.#book === 'value' ? 'utility' : 'value'].state()
    const choice = Math.floor(dice / 2)
    const message = state.open[choice % Math.max(1, state.open.length)]
    const foreign = other.open.filter(({ hash }) => !state.known.has(hash))[0]
    const isAhead = choice % 3
    if (this.#book === 'value') {
      if (message && isAhead === 0)
        this.add(choice % 2 === 0 ? 'StakeProgressed' : 'StakeRevoked', message.hash)
      else if (foreign && isAhead === 1 && foreign.amount / VALUE_OF <= state.vault)
        this.add('Unstaked', foreign.hash, foreign.amount / VALUE_OF)
      else if (choice % 7 === 0 && amount <= state.vault) this.add('ExitPaid', null, amount)
      else this.add('StakeDeclared', randomHash(), amount)
      return
    }
    if (message && isAhead === 0)
      this.add(choice % 2 === 0 ? 'RedeemProgressed' : 'RedeemRevoked', message.hash)
    else if (foreign && isAhead === 1) this.add('Minted', foreign.hash, foreign.amount * VALUE_OF)
    // The gateway takes no redemption that is worth nothing.
    else if (amount >= VALUE_OF && amount <= state.supply) this.add('RedeemDeclared', randomHash(), amount)
  }
}
