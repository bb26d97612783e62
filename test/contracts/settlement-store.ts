import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlockHeader } from '#core/ledger/block.ts'
import { CursorMoved, LedgerInconsistency } from '#core/ledger/errors.ts'
import { type AccountChange, addressKey, ISSUANCE_ADDRESS, type Settlement } from '#core/ledger/settlement.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'
import type { MoneyBackend, MoneyEconomy } from './money-backend.ts'
import {
  A_CALL,
  accept,
  aBlock,
  aHash,
  aMovement,
  anAccepted,
  anAttempt,
  aSettlement,
  submit,
} from './money-fixtures.ts'

const FINALITY_DEPTH = 2

/** What every settlement store, with its chain store, promises. */
export function describeSettlementStore(implementation: string, open: () => Promise<MoneyBackend>): void {
  let backend: MoneyBackend
  beforeAll(async () => {
    backend = await open()
  })
  afterAll(async () => backend.close())

  /** An economy whose first user got 100 by a mint in block 1. */
  async function arrange() {
    const economy = await backend.addEconomy({ users: 2, finalityDepth: FINALITY_DEPTH })
    const ledger = new Ledger(backend, economy)
    await ledger.begin()
    await ledger.mint(100n)
    return { economy, ledger }
  }

  const settledOf = async (economy: MoneyEconomy) => {
    const { accounts } = await backend.rows(economy)
    return economy.users.map(({ id }) => accounts.find((account) => account.id === id)?.settled)
  }

  describe(`the chain store ${implementation}`, () => {
    it('begins once, and knows the adopted blocks', async () => {
      const { economy, ledger } = await arrange()
      const { chains } = backend.stores
      await chains.begin(economy.chainId, aBlock(null))
      const { number, hash } = ledger.head
      expect(await chains.get(economy.chainId)).toEqual({
        id: economy.chainId,
        status: 'active',
        haltReason: null,
        finalityDepth: FINALITY_DEPTH,
        startNumber: 0,
        position: { number, hash, finalNumber: 0 },
      })
      expect(await chains.canonicalHashes(economy.chainId, 1, 9)).toEqual(new Map([[1, hash]]))
      await expect(chains.get(1)).rejects.toBeInstanceOf(RangeError)
    })

    it('halts and resumes once, and nothing settles meanwhile', async () => {
      const { economy, ledger } = await arrange()
      const { chains, settlements } = backend.stores
      expect(await chains.halt(economy.chainId, 'why')).toBe(true)
      expect(await chains.halt(economy.chainId, 'again')).toBe(false)
      expect(await chains.get(economy.chainId)).toMatchObject({ status: 'halted', haltReason: 'why' })
      await expect(ledger.settle({})).rejects.toBeInstanceOf(CursorMoved)
      expect(await settlements.confirm(economy.chainId, 9)).toBeNull()
      expect(await chains.resume(economy.chainId)).toBe(true)
      expect(await chains.resume(economy.chainId)).toBe(false)
      await ledger.settle({})
    })
  })

  describe(`the settlement store ${implementation}`, () => {
    it('knows the tokens of a chain and the accounts at its addresses', async () => {
      const { economy } = await arrange()
      const { economyId, tenantId, token, tokenRules, chainId, users } = economy
      const { settlements } = backend.stores
      expect(await settlements.tokens(chainId)).toEqual([{ economyId, tenantId, token, tokenRules }])
      const places = [users[1]?.address ?? '', `0x${aHash().slice(2, 42)}`].map((address) => ({
        economyId,
        address,
      }))
      const known = new Map([[addressKey(economyId, users[1]?.address ?? ''), users[1]?.id]])
      expect(await settlements.accountIds(places)).toEqual(known)
    })

    it('writes accounts, balances, entries and the cursor of blocks together', async () => {
      const { economy } = await arrange()
      expect(await settledOf(economy)).toEqual([0n, 100n, 0n])
      const { accounts, entries } = await backend.rows(economy)
      expect(accounts.find(({ kind }) => kind === 'issuance')?.settled).toBe(-100n)
      expect(entries.map(({ amount, generation, isReversal }) => [amount, generation, isReversal])).toEqual(
        expect.arrayContaining([
          [100n, 1, false],
          [-100n, 1, false],
        ]),
      )
    })

    it('refuses to settle from anywhere but the cursor, whoever was faster', async () => {
      const { economy, ledger } = await arrange()
      const twice = [
        ledger.settleAt(ledger.head, aBlock(ledger.head)),
        ledger.settleAt(ledger.head, aBlock(ledger.head)),
      ]
      const results = await Promise.allSettled(twice)
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      const failed = results.find((result) => result.status === 'rejected')
      expect(failed?.reason).toBeInstanceOf(CursorMoved)
      expect((await backend.stores.chains.get(economy.chainId)).position?.number).toBe(2)
    })

    it('finds our submissions by the hashes of their attempts, with payments in the order of the batch', async () => {
      const { economy, ledger } = await arrange()
      const payments = await ledger.batch([10n, 20n])
      const { id, txHash } = ledger.submission
      const [from, to] = [economy.users[1]?.id, economy.users[2]?.id]
      expect(await backend.stores.settlements.submissionsOf([txHash, aHash()])).toEqual([
        {
          id,
          kind: 'transfer_batch',
          economyId: economy.economyId,
          txHash,
          payments: payments.map((payment) => ({
            transactionId: payment.id,
            legs: [{ fromAccountId: from, toAccountId: to, amount: payment.amount }],
          })),
        },
      ])
      const call = await backend.stores.settlements.callOf(id, 9)
      expect({ ...call, data: [...call.data], from: '' }).toEqual({
        ...A_CALL,
        data: [...A_CALL.data],
        from: '',
        blockNumber: 9,
      })
    })

    it('posts the hold of a payment with its movement, and confirms it by depth, telling of each step once', async () => {
      const { economy, ledger } = await arrange()
      const [payment] = await ledger.batch([30n])
      await ledger.pay(payment)
      expect(await settledOf(economy)).toEqual([0n, 70n, 30n])
      const mined = await backend.rows(economy)
      expect(mined.holds.map(({ status }) => status)).toEqual(['posted'])
      expect(mined.accounts.every(({ held, pendingIn }) => held === 0n && pendingIn === 0n)).toBe(true)
      expect(await backend.stores.settlements.confirm(economy.chainId, 9)).toBeNull()
      await ledger.grow(FINALITY_DEPTH)
      expect(await backend.stores.settlements.confirm(economy.chainId, 9)).toEqual({
        finalNumber: 2,
        confirmed: 1,
        failed: 0,
        isComplete: true,
      })
      const rows = await backend.rows(economy)
      expect(rows.transactions.map(({ status }) => status)).toEqual(['confirmed'])
      expect(rows.submissions.map(({ status }) => status)).toEqual(['confirmed'])
      expect(rows.events.map(({ topic }) => topic)).toEqual(
        ['queued', 'submitted', 'mined', 'confirmed'].map((step) => `transaction.${step}`),
      )
    })

    it('keeps the hold of a payment that failed until that is final', async () => {
      const { economy, ledger } = await arrange()
      const [payment] = await ledger.batch([30n])
      await ledger.fail(payment)
      const recorded = await backend.rows(economy)
      expect(recorded.transactions).toMatchObject([
        { status: 'submitted', failureCode: 'window_cap_exceeded' },
      ])
      expect(recorded.holds).toMatchObject([{ status: 'pending' }])
      await ledger.grow(FINALITY_DEPTH)
      expect(await backend.stores.settlements.confirm(economy.chainId, 9)).toMatchObject({
        confirmed: 0,
        failed: 1,
      })
      const rows = await backend.rows(economy)
      expect(rows.transactions).toMatchObject([{ status: 'failed' }])
      expect(rows.holds).toMatchObject([{ status: 'voided' }])
      expect(rows.accounts.every(({ held, pendingIn }) => held === 0n && pendingIn === 0n)).toBe(true)
      expect(rows.events.at(-1)).toEqual({ topic: 'transaction.failed', subjectId: payment?.id })
    })

    it('writes nothing when a row is not as the chain says it must be', async () => {
      const { economy, ledger } = await arrange()
      const [payment] = await ledger.batch([30n])
      const before = await backend.rows(economy)
      const wrong: Partial<Settlement>[] = [
        { changes: [ledger.change(1, { settled: -101n })] },
        { changes: [ledger.change(1, { held: -31n })] },
        { changes: [{ ...ledger.change(1, {}), accountId: uuidv7() }] },
        { payments: [ledger.settled(payment, 29n)] },
        { submissions: [ledger.mined({ id: uuidv7() })] },
        { payments: [ledger.settled(payment), ledger.settled(payment)] },
      ]
      for (const parts of wrong)
        await expect(ledger.settle(parts)).rejects.toBeInstanceOf(LedgerInconsistency)
      expect(await backend.rows(economy)).toEqual(before)
    })

    it('posts and fails only what waits for the submission that is mined', async () => {
      const { economy, ledger } = await arrange()
      const [other] = await ledger.batch([7n])
      const theirs = ledger.mined({})
      const [payment] = await ledger.batch([30n])
      const before = await backend.rows(economy)
      const [ours, posted, failed] = [ledger.mined({}), ledger.settled(payment), ledger.failed(payment)]
      const release = (amount: bigint) => [
        ledger.change(1, { held: -amount, settled: -amount }),
        ledger.change(2, { pendingIn: -amount, settled: amount }),
      ]
      const wrong: [string, Partial<Settlement>][] = [
        ['another amount', { ...paid([ours], [ledger.settled(payment, 29n)]), changes: release(29n) }],
        [
          'of another submission',
          { ...paid([theirs], [{ ...posted, txHash: theirs.txHash }]), changes: release(30n) },
        ],
        [
          'failed of another submission',
          { submissions: [theirs], failures: [{ ...failed, txHash: theirs.txHash }] },
        ],
        ['in another block', { ...paid([ours], [{ ...posted, blockIndex: 1 }]), changes: release(30n) }],
        ['of no submission', { payments: [posted], changes: release(30n) }],
        ['one for another', { ...paid([ours], [ledger.settled(other, 7n)]), changes: release(7n) }],
        ['both paid and failed', { ...paid([ours], [posted]), changes: release(30n), failures: [failed] }],
        ['told nothing of', { submissions: [ours] }],
      ]
      for (const [name, parts] of wrong)
        await expect(ledger.settle(parts), name).rejects.toBeInstanceOf(LedgerInconsistency)
      expect(await backend.rows(economy)).toEqual(before)
      await ledger.pay(payment)
      const mined = await backend.rows(economy)
      await expect(
        ledger.settle({ ...paid([ours], [posted]), changes: release(30n) }),
        'mined already',
      ).rejects.toBeInstanceOf(LedgerInconsistency)
      await expect(ledger.settle({ submissions: [ours], failures: [failed] })).rejects.toBeInstanceOf(
        LedgerInconsistency,
      )
      expect(await backend.rows(economy)).toEqual(mined)
    })

    it('does not take one payment twice for two', async () => {
      const { economy, ledger } = await arrange()
      const [first] = await ledger.batch([30n, 30n])
      const before = await backend.rows(economy)
      const twice = [ledger.settled(first), ledger.settled(first)]
      const changes = [
        ledger.change(1, { settled: -60n, held: -60n }),
        ledger.change(2, { settled: 60n, pendingIn: -60n }),
      ]
      await expect(ledger.settle({ ...paid([ledger.mined({})], twice), changes })).rejects.toBeInstanceOf(
        LedgerInconsistency,
      )
      expect(await backend.rows(economy)).toEqual(before)
    })

    it('shows how far a transaction is at each step, also when its block is taken back and it is mined again', async () => {
      const { economy, ledger } = await arrange()
      const ancestor = ledger.head
      const states = async () => (await backend.rows(economy)).transactions.map(({ status }) => status)
      const [good, bad] = await ledger.batch([30n, 5n])
      expect(await states()).toEqual(['submitted', 'submitted'])
      await ledger.pay(good, aBlock(ledger.head), [bad])
      expect(await states()).toEqual(['mined', 'submitted'])
      const orphan = ledger.head
      expect(await backend.stores.settlements.reverse(economy.chainId, orphan, ancestor)).toMatchObject({
        transactions: 2,
      })
      expect(await states()).toEqual(['submitted', 'submitted'])
      const reserved = (await backend.rows(economy)).accounts.find(({ id }) => id === economy.users[1]?.id)
      expect(reserved).toMatchObject({ settled: 100n, held: 35n })
      ledger.head = ancestor
      await ledger.pay(good, undefined, [bad])
      expect(await states()).toEqual(['mined', 'submitted'])
      await ledger.grow(FINALITY_DEPTH)
      expect(await backend.stores.settlements.confirm(economy.chainId, 9)).toMatchObject({
        confirmed: 1,
        failed: 1,
      })
      expect(await states()).toEqual(['confirmed', 'failed'])
    })

    it('takes orphaned blocks back: reversing entries, holds pending, transactions and submission on their way', async () => {
      const { economy, ledger } = await arrange()
      const ancestor = ledger.head
      const [payment] = await ledger.batch([30n])
      const before = await backend.rows(economy)
      await ledger.pay(payment)
      const reversal = await backend.stores.settlements.reverse(economy.chainId, ledger.head, ancestor)
      expect(reversal).toEqual({ blocks: 1, movements: 1, transactions: 1, finalTransactions: 0 })
      const rows = await backend.rows(economy)
      expect({ ...rows, entries: [], events: [], submissions: [] }).toEqual({
        ...before,
        entries: [],
        events: [],
        submissions: [],
      })
      expect(rows.submissions.map(({ status }) => status)).toEqual(['broadcast'])
      expect(rows.entries.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n)
      const reversed = rows.entries.flatMap(({ isReversal, amount }) => (isReversal ? [amount] : []))
      expect(new Set(reversed)).toEqual(new Set([-30n, 30n]))
      expect(rows.events.at(-1)).toEqual({ topic: 'transaction.reorged', subjectId: payment?.id })
      await expect(
        backend.stores.settlements.reverse(economy.chainId, ledger.head, ancestor),
      ).rejects.toBeInstanceOf(CursorMoved)
    })

    it('forgets a recorded failure with its block, and counts a block that is adopted again', async () => {
      const { economy, ledger } = await arrange()
      const ancestor = ledger.head
      const [payment] = await ledger.batch([30n])
      await ledger.fail(payment)
      const orphan = ledger.head
      await backend.stores.settlements.reverse(economy.chainId, orphan, ancestor)
      expect((await backend.rows(economy)).transactions).toMatchObject([
        { status: 'submitted', failureCode: null },
      ])
      ledger.head = ancestor
      await ledger.pay(payment, orphan)
      const { entries } = await backend.rows(economy)
      expect(
        entries.filter(({ blockNumber }) => blockNumber === 2).map(({ generation }) => generation),
      ).toEqual([2, 2])
      expect((await backend.rows(economy)).transactions).toMatchObject([{ status: 'mined' }])
    })

    it('keeps the entries of every block that a height had: one, another one, the first again', async () => {
      const { economy, ledger } = await arrange()
      const ancestor = ledger.head
      const [payment] = await ledger.batch([30n])
      const [one, other] = [aBlock(ancestor), aBlock(ancestor)]
      for (const block of [one, other]) {
        await ledger.pay(payment, block)
        await backend.stores.settlements.reverse(economy.chainId, block, ancestor)
        ledger.head = ancestor
      }
      await ledger.pay(payment, one)
      expect(await settledOf(economy)).toEqual([0n, 70n, 30n])
      const { accounts, entries } = await backend.rows(economy)
      for (const { id, settled } of accounts) {
        const own = entries.filter(({ accountId }) => accountId === id)
        expect(own.reduce((sum, { amount }) => sum + amount, 0n)).toBe(settled)
      }
      const ofPayee = entries.filter(
        ({ accountId, blockNumber }) => accountId === economy.users[2]?.id && blockNumber === one.number,
      )
      expect(ofPayee.map(({ generation, amount }) => [generation, amount])).toEqual([
        [1, 30n],
        [1, -30n],
        [2, 30n],
        [2, -30n],
        [3, 30n],
      ])
    })

    it('writes a movement once per adoption of its block', async () => {
      const { economy, ledger } = await arrange()
      const [from = '', to = ''] = economy.users.slice(1).map(({ id }) => id)
      const movement = aMovement(economy, { fromAccountId: from, toAccountId: to, amount: 1n })
      const before = await backend.rows(economy)
      await expect(ledger.settle({ movements: [movement, movement] })).rejects.toThrow('entry_pkey')
      await expect(
        ledger.settleAt(ledger.head, ledger.head, { movements: [movement] }),
      ).rejects.toBeInstanceOf(LedgerInconsistency)
      expect(await backend.rows(economy)).toEqual(before)
    })

    it('lets a filler land that was given up, and nothing else that was', async () => {
      const { economy, ledger } = await arrange()
      await ledger.batch([5n])
      const { submissions } = backend.stores
      const filler = anAttempt(uuidv7())
      await submissions.withLaneLocked(economy.laneId, (locked) =>
        locked.recordFiller({ nonce: 1, call: A_CALL, attempt: filler, mayBeFirst: false }),
      )
      for (const seen of await submissions.open(economy.laneId))
        await submissions.withLaneLocked(economy.laneId, (locked) => locked.requeueReplaced(seen, new Date()))
      await expect(ledger.settle({ submissions: [ledger.mined({})] })).rejects.toBeInstanceOf(
        LedgerInconsistency,
      )
      await ledger.settle({
        submissions: [{ ...ledger.mined({ id: filler.submissionId }), txHash: filler.txHash }],
      })
      const rows = await backend.rows(economy)
      expect(rows.submissions.map(({ kind, status }) => [kind, status])).toEqual([
        ['transfer_batch', 'replaced'],
        ['nonce_filler', 'mined'],
      ])
    })

    it('confirms in bounded rounds, whole blocks at a time', async () => {
      const { economy, ledger } = await arrange()
      for (const amount of [1n, 2n, 3n]) {
        const [payment] = await ledger.batch([amount])
        await ledger.pay(payment)
      }
      await ledger.grow(FINALITY_DEPTH)
      const rounds = []
      for (let round = 0; round < 4; round += 1) {
        rounds.push(await backend.stores.settlements.confirm(economy.chainId, 2))
      }
      expect(rounds).toEqual([
        { finalNumber: 3, confirmed: 2, failed: 0, isComplete: false },
        { finalNumber: 4, confirmed: 1, failed: 0, isComplete: true },
        null,
        null,
      ])
    })
  })
}

const paid = (submissions: Settlement['submissions'], payments: Settlement['payments']) => ({
  submissions,
  payments,
})

/** An economy's chain as a follower settles it, block by block. */
class Ledger {
  head: BlockHeader = aBlock(null)
  submission = { id: '', txHash: '' }
  readonly #backend: MoneyBackend
  readonly #economy: MoneyEconomy
  #nonce = 0

  constructor(backend: MoneyBackend, economy: MoneyEconomy) {
    this.#backend = backend
    this.#economy = economy
  }

  async begin(): Promise<void> {
    await this.#backend.stores.chains.begin(this.#economy.chainId, this.head)
  }

  async settle(parts: Partial<Settlement>, block = aBlock(this.head)): Promise<void> {
    await this.settleAt(this.head, block, parts)
    this.head = block
  }

  settleAt(from: BlockHeader, block: BlockHeader, parts: Partial<Settlement> = {}): Promise<void> {
    const { settlements } = this.#backend.stores
    return settlements.settle(this.#economy.chainId, from, aSettlement([block], parts), block.number)
  }

  async grow(blocks: number): Promise<void> {
    for (let count = 0; count < blocks; count += 1) await this.settle({})
  }

  async mint(amount: bigint): Promise<void> {
    const { economyId, tenantId } = this.#economy
    const issuance = {
      economyId,
      tenantId,
      id: uuidv7(),
      kind: 'issuance' as const,
      address: ISSUANCE_ADDRESS,
    }
    const fromAccountId = issuance.id
    const { accountId: toAccountId } = this.change(1, {})
    await this.settle({
      newAccounts: [issuance],
      movements: [aMovement(this.#economy, { fromAccountId, toAccountId, amount })],
      changes: [
        { ...this.change(1, { settled: -amount }), accountId: fromAccountId },
        this.change(1, { settled: amount }),
      ],
    })
  }

  /** Accepts tips from the first to the second user, and signs them into one batch. */
  async batch(amounts: readonly bigint[]): Promise<AcceptedTransaction[]> {
    const accepted = amounts.map((amount) => anAccepted(this.#economy, { from: 1, to: 2, amount }))
    await accept(this.#backend, this.#economy, accepted)
    this.submission = await submit(this.#backend, this.#economy, this.#nonce)
    this.#nonce += 1
    return accepted
  }

  /** @param skipped Those of the same batch that failed. */
  async pay(
    payment: AcceptedTransaction | undefined,
    block?: BlockHeader,
    skipped: readonly (AcceptedTransaction | undefined)[] = [],
  ): Promise<void> {
    const { id: transactionId = '', amount = 0n } = payment ?? {}
    const [fromAccountId, toAccountId] = [this.change(1, {}).accountId, this.change(2, {}).accountId]
    const movement = { fromAccountId, toAccountId, amount, transactionId, txHash: this.submission.txHash }
    await this.settle(
      {
        movements: [aMovement(this.#economy, movement)],
        changes: [
          this.change(1, { settled: -amount, held: -amount }),
          this.change(2, { settled: amount, pendingIn: -amount }),
        ],
        payments: [this.settled(payment)],
        failures: skipped.map((one) => this.failed(one)),
        submissions: [this.mined({})],
      },
      block,
    )
  }

  async fail(payment: AcceptedTransaction | undefined): Promise<void> {
    await this.settle({ failures: [this.failed(payment)], submissions: [this.mined({})] })
  }

  failed(payment: AcceptedTransaction | undefined) {
    const { economyId, tenantId } = this.#economy
    const why = { code: 'window_cap_exceeded' as const, reason: 'The window is full.' }
    const place = { transactionId: payment?.id ?? '', blockIndex: 0, txHash: this.submission.txHash }
    return { economyId, tenantId, ...place, ...why }
  }

  change(user: number, fields: Partial<AccountChange>): AccountChange {
    const accountId = this.#economy.users[user]?.id ?? ''
    return { economyId: this.#economy.economyId, accountId, settled: 0n, held: 0n, pendingIn: 0n, ...fields }
  }

  settled(payment: AcceptedTransaction | undefined, amount = payment?.amount ?? 0n) {
    const { economyId, tenantId } = this.#economy
    return {
      economyId,
      tenantId,
      transactionId: payment?.id ?? '',
      blockIndex: 0,
      txHash: this.submission.txHash,
      amount,
    }
  }

  mined({ id = this.submission.id }: { id?: string }) {
    const { txHash } = this.submission
    return { id, txHash, blockIndex: 0, gasUsed: 1n, effectiveGasPrice: 1n, revertReason: null }
  }
}
