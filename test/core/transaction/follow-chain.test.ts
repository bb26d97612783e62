import { describe, expect, it } from 'vitest'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { BlockHeader } from '#core/ledger/block.ts'
import type { BlockReader } from '#core/ledger/block-reader.ts'
import type { BlockPosition, ChainStore, FollowedChain } from '#core/ledger/chain-store.ts'
import { BlockVanished, CursorMoved } from '#core/ledger/errors.ts'
import type { Settlement, TokenContracts } from '#core/ledger/settlement.ts'
import type { SettlementStore } from '#core/ledger/settlement-store.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { followChain } from '#core/transaction/follow-chain.ts'

const header = (number: number, gasUsed = 0n): BlockHeader => ({
  number,
  hash: `0x${number}`,
  parentHash: `0x${number - 1}`,
  minedAt: new Date(0),
  transactionHashes: [],
  gasUsed,
  mayHaveLogs: true,
})

/** A follower over stores in memory and a node that is as the test says. */
class Follower {
  readonly settled: Settlement[] = []
  readonly calls: string[] = []
  readonly filters: (readonly string[] | null)[] = []
  headers: BlockHeader[] = []
  tokens: TokenContracts[] = []
  failures: Error[] = []
  /** What happens at the node once headers were asked for. */
  onHeaders: () => void = () => {}
  readonly told: unknown[] = []
  readonly chain: FollowedChain = {
    id: 1,
    status: 'active',
    haltReason: null,
    finalityDepth: 3,
    startNumber: 0,
    position: { number: 0, hash: '0x0', finalNumber: 0 },
  }

  follow() {
    return followChain(
      {
        chains: this.#chains(),
        settlements: this.#settlements(),
        blockReaders: { get: () => this.#reader() },
        clock: { now: () => new Date(0) },
        ids: { next: () => 'id' },
        observer: { ...silentObserver, log: (_level, event, fields) => void this.told.push([event, fields]) },
        reversesFinalBlocks: false,
      },
      1,
    )
  }

  #reader(): BlockReader {
    const unused = () => Promise.reject(new Error('not asked for'))
    return {
      headNumber: async () => {
        const failure = this.failures.shift()
        if (failure) throw failure
        return this.headers.at(-1)?.number ?? 0
      },
      headers: async (from, to) => {
        this.calls.push('headers')
        const found = this.headers.filter(({ number }) => number >= from && number <= to)
        this.onHeaders()
        return found
      },
      logs: async (headers, addresses) => {
        this.calls.push('logs')
        this.filters.push(addresses)
        return headers.map(() => [])
      },
      receipts: unused,
      revertReason: unused,
      balancesOf: unused,
      totalSupply: unused,
    }
  }

  #chains(): ChainStore {
    return {
      get: async () => structuredClone(this.chain),
      begin: async (_, first) => {
        this.chain.position = { number: first.number, hash: first.hash, finalNumber: first.number }
      },
      canonicalHashes: async () => new Map(),
      noteHead: async () => {},
      halt: async (_, reason) => {
        Object.assign(this.chain, { status: 'halted', haltReason: reason })
        return true
      },
      resume: async () => true,
    }
  }

  #settlements(): SettlementStore {
    const unused = () => Promise.reject(new Error('not asked for'))
    return {
      tokens: async () => {
        this.calls.push('tokens')
        return this.tokens
      },
      submissionsOf: async () => [],
      accountIds: async () => new Map(),
      callOf: unused,
      settle: async (_, from: BlockPosition, settlement) => {
        if (from.hash !== this.chain.position?.hash) throw new CursorMoved()
        const last = settlement.blocks.at(-1)
        if (last) this.chain.position = { number: last.number, hash: last.hash, finalNumber: 0 }
        this.settled.push(settlement)
      },
      reverse: unused,
      confirm: unused,
    }
  }
}

const token = (index: number): TokenContracts => ({
  economyId: `eco-${index}`,
  tenantId: 'ten',
  token: `0xtoken-${index}`,
  tokenRules: `0xrules-${index}`,
})

describe('following a chain', () => {
  it('begins at the block where the platform was deployed', async () => {
    const follower = new Follower()
    follower.chain.position = null
    Object.assign(follower.chain, { startNumber: 5 })
    follower.headers = [5, 6].map((number) => header(number))
    expect(await follower.follow()).toMatchObject({ status: 'idle', settledBlocks: 1 })
    expect(follower.chain.position).toMatchObject({ number: 6 })
  })

  it('is at its end at the head that it saw, though blocks come as fast as it reads', async () => {
    const follower = new Follower()
    follower.headers = [0, 1, 2].map((number) => header(number))
    follower.onHeaders = () => void follower.headers.push(header(follower.headers.length))
    expect(await follower.follow()).toMatchObject({ status: 'idle', settledBlocks: 2 })
    expect(await follower.follow()).toMatchObject({ status: 'idle', settledBlocks: 1 })
  })

  it('asks for the economies after the headers: a token is stored before any block can mention it', async () => {
    const follower = new Follower()
    follower.headers = [0, 1].map((number) => header(number))
    follower.tokens = [token(1)]
    await follower.follow()
    expect(follower.calls.slice(0, 3)).toEqual(['headers', 'tokens', 'logs'])
    expect(follower.filters).toEqual([['0xtoken-1', '0xrules-1']])
  })

  it('asks for no logs while there is no economy, and for all of them when there are too many for a filter', async () => {
    const follower = new Follower()
    follower.headers = [0, 1].map((number) => header(number))
    await follower.follow()
    expect(follower.calls).not.toContain('logs')
    follower.tokens = Array.from({ length: 251 }, (_, index) => token(index))
    follower.headers.push(header(2))
    await follower.follow()
    expect(follower.filters).toEqual([null])
  })

  it('settles full blocks in small parts and empty ones in large ones', async () => {
    const follower = new Follower()
    follower.headers = [
      header(0),
      header(1, 150_000_000n),
      header(2, 150_000_000n),
      header(3, 300_000_000n),
      header(4),
      header(5),
    ]
    await follower.follow()
    expect(follower.settled.map(({ blocks }) => blocks.map((block) => block.number))).toEqual([
      [1],
      [2],
      [3],
      [4, 5],
    ])
  })

  it('settles only as far as each block is the child of the one before', async () => {
    const follower = new Follower()
    follower.headers = [header(0), header(1), { ...header(2), parentHash: '0xother' }]
    await follower.follow()
    expect(follower.chain.position).toMatchObject({ number: 1 })
  })

  it('looks again when the node switched forks, but not for ever', async () => {
    const follower = new Follower()
    follower.headers = [0, 1].map((number) => header(number))
    follower.failures = [new BlockVanished()]
    expect(await follower.follow()).toMatchObject({ status: 'idle', settledBlocks: 1 })
    expect(follower.told).toEqual([])
    follower.failures = Array.from({ length: 100 }, () => new BlockVanished('block 1 is gone'))
    expect(await follower.follow()).toMatchObject({ status: 'behind', settledBlocks: 0 })
    expect(follower.failures.length).toBeGreaterThan(90)
    expect(follower.told).toEqual([['chain.not_followed', { chainId: 1, reason: 'block 1 is gone' }]])
  })

  it('passes on that no node answers, and goes on from there the next time', async () => {
    const follower = new Follower()
    follower.headers = [0, 1].map((number) => header(number))
    follower.failures = [new ChainUnavailable('down')]
    await expect(follower.follow()).rejects.toThrow(ChainUnavailable)
    expect(await follower.follow()).toMatchObject({ status: 'idle', settledBlocks: 1 })
  })

  it('does nothing on a halted chain', async () => {
    const follower = new Follower()
    Object.assign(follower.chain, { status: 'halted' })
    expect(await follower.follow()).toMatchObject({ status: 'halted', settledBlocks: 0 })
    expect(follower.calls).toEqual([])
  })
})
