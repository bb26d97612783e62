import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlockHeader } from '#core/ledger/block.ts'
import type { BlockReader } from '#core/ledger/block-reader.ts'
import { BlockVanished } from '#core/ledger/errors.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'

/** A chain that a suite may write to. Blocks come only when they are asked for. */
export interface WritableChain {
  reader: BlockReader
  /** A token on it, of which nothing exists before the suite begins. */
  token: string
  /** One block with these mints, in order. @returns the hashes of their transactions. */
  mint(mints: readonly { to: string; amount: bigint }[]): Promise<string[]>
  /** Replaces the newest blocks by as many empty ones. */
  reorg(depth: number): Promise<void>
  close(): Promise<void>
}

/** What every reader of a chain promises. Suites on one chain build on each other's blocks. */
export function describeBlockReader(implementation: string, open: () => Promise<WritableChain>): void {
  const anAddress = () => `0x${randomBytes(20).toString('hex')}`

  describe(`the block reader ${implementation}`, () => {
    let chain: WritableChain
    beforeAll(async () => {
      chain = await open()
    }, 60_000)
    afterAll(async () => chain.close())

    async function newest(count: number): Promise<BlockHeader[]> {
      const head = await chain.reader.headNumber()
      return chain.reader.headers(head - count + 1, head)
    }

    async function head(): Promise<BlockHeader> {
      const [header] = await newest(1)
      if (!header) throw new Error('a chain has a head')
      return header
    }

    it('tells blocks in order, each naming the one before, and ends where the chain ends', async () => {
      for (let blocks = 0; blocks < 3; blocks += 1) await chain.mint([])
      const number = await chain.reader.headNumber()
      const headers = await chain.reader.headers(number - 2, number + 5)
      expect(headers.map((header) => header.number)).toEqual([number - 2, number - 1, number])
      for (const [index, header] of headers.entries()) {
        if (index > 0) expect(header.parentHash).toBe(headers[index - 1]?.hash)
        expect(header.hash).toMatch(/^0x[0-9a-f]{64}$/)
      }
      expect(await chain.reader.headers(number + 1, number + 5)).toEqual([])
    })

    it('tells the transfers of each block in its order, for the contracts asked for', async () => {
      const [to, other] = [anAddress(), anAddress()]
      const first = await chain.mint([
        { to, amount: 3n },
        { to: other, amount: 4n },
      ])
      await chain.mint([])
      const second = await chain.mint([{ to, amount: 5n }])
      const headers = await newest(3)
      expect(headers.map((header) => header.transactionHashes)).toEqual([first, [], second])
      expect([headers[0]?.mayHaveLogs, headers[2]?.mayHaveLogs]).toEqual([true, true])

      const transfer = (txHash: string | undefined, recipient: string, amount: bigint) => ({
        type: 'transfer',
        address: chain.token,
        txHash,
        from: ISSUANCE_ADDRESS,
        to: recipient,
        amount,
      })
      const expected = [
        [transfer(first[0], to, 3n), transfer(first[1], other, 4n)],
        [],
        [transfer(second[0], to, 5n)],
      ]
      expect(await chain.reader.logs(headers, [chain.token])).toMatchObject(expected)
      expect(await chain.reader.logs(headers.toReversed(), [chain.token])).toMatchObject(
        expected.toReversed(),
      )
      expect(await chain.reader.logs(headers, [anAddress()])).toEqual([[], [], []])
      const [all = []] = await chain.reader.logs(headers, null)
      expect(all.filter(({ address }) => address === chain.token)).toMatchObject(expected[0] ?? [])
      const places = all.map(({ logIndex }) => logIndex)
      expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b))
    })

    it('tells receipts in the order asked for, and refuses what is in no block', async () => {
      const [first = '', second = ''] = await chain.mint([
        { to: anAddress(), amount: 1n },
        { to: anAddress(), amount: 1n },
      ])
      const { hash: blockHash } = await head()
      const receipts = await chain.reader.receipts([second, first])
      expect(receipts).toMatchObject([
        { txHash: second, blockHash, succeeded: true },
        { txHash: first, blockHash, succeeded: true },
      ])
      for (const { gasUsed } of receipts) expect(gasUsed).toBeGreaterThan(0n)
      const unknown = `0x${randomBytes(32).toString('hex')}`
      await expect(chain.reader.receipts([first, unknown])).rejects.toBeInstanceOf(BlockVanished)
    })

    it('tells balances and supply as they stood after a block', async () => {
      const to = anAddress()
      await chain.mint([{ to, amount: 7n }])
      const before = await head()
      const supply = await chain.reader.totalSupply(chain.token, before.hash)
      await chain.mint([{ to, amount: 11n }])
      const after = await head()
      const balancesAt = (hash: string) => chain.reader.balancesOf(chain.token, [to, anAddress()], hash)
      expect(await balancesAt(before.hash)).toEqual([7n, 0n])
      expect(await balancesAt(after.hash)).toEqual([18n, 0n])
      expect(await chain.reader.totalSupply(chain.token, before.hash)).toBe(supply)
      expect(await chain.reader.totalSupply(chain.token, after.hash)).toBe(supply + 11n)
    })

    it('knows nothing of a token that is not there, and no state of a block that never was', async () => {
      const { hash } = await head()
      expect(await chain.reader.balancesOf(anAddress(), [anAddress()], hash)).toEqual([0n])
      expect(await chain.reader.totalSupply(anAddress(), hash)).toBe(0n)
      const unknown = { ...(await head()), hash: `0x${randomBytes(32).toString('hex')}` }
      await expect(chain.reader.logs([unknown], null)).rejects.toBeInstanceOf(BlockVanished)
      await expect(chain.reader.totalSupply(chain.token, unknown.hash)).rejects.toBeInstanceOf(BlockVanished)
    })

    it('shows the new blocks after a re-organisation, and no receipt of what was taken back', async () => {
      const to = anAddress()
      await chain.mint([])
      const kept = await head()
      const [txHash = ''] = await chain.mint([{ to, amount: 9n }])
      await chain.mint([])
      const orphaned = await newest(2)
      await chain.reorg(2)
      const [first, second] = await newest(2)
      expect(first?.parentHash).toBe(kept.hash)
      expect(second?.parentHash).toBe(first?.hash)
      expect([first?.number, second?.number]).toEqual(orphaned.map(({ number }) => number))
      expect(orphaned.map(({ hash }) => hash)).not.toContain(first?.hash)
      expect(await chain.reader.balancesOf(chain.token, [to], second?.hash ?? '')).toEqual([0n])
      await expect(chain.reader.receipts([txHash])).rejects.toBeInstanceOf(BlockVanished)
    })
  })
}
