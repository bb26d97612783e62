import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenSubmission } from '#core/chain/submission.ts'
import { heldOpen } from './acceptance-store.ts'
import type { MoneyBackend, MoneyEconomy } from './money-backend.ts'
import { A_CALL, accept, aHash, anAccepted, anAttempt, submit } from './money-fixtures.ts'

const AT = new Date('2026-11-21T00:00:00Z')

/** What every store of chain submissions, with its lanes, promises. */
export function describeSubmissionStore(implementation: string, open: () => Promise<MoneyBackend>): void {
  let backend: MoneyBackend
  beforeAll(async () => {
    backend = await open()
  })
  afterAll(async () => backend.close())

  const arrange = () => backend.addEconomy({ users: 3, finalityDepth: 2 })
  /** Queued tips of 1, 2, 3 … base units. */
  async function queue(economy: MoneyEconomy, count: number): Promise<string[]> {
    const accepted = Array.from({ length: count }, (_, index) =>
      anAccepted(economy, { from: 1, to: 2, amount: BigInt(index + 1) }),
    )
    await accept(backend, economy, accepted)
    return accepted.map(({ id }) => id)
  }
  async function anOpenOne(economy: MoneyEconomy, nonce = 0, transactions = 1): Promise<OpenSubmission> {
    await queue(economy, transactions)
    await submit(backend, economy, nonce)
    const [submission] = await backend.stores.submissions.open(economy.laneId)
    if (!submission) throw new Error('it was just stored')
    return submission
  }
  /** A block with the submission, as the indexer tells of it, whose payments all failed. */
  async function mine(economy: MoneyEconomy, { id, attempts }: OpenSubmission): Promise<void> {
    const header = {
      number: 0,
      parentHash: aHash(),
      minedAt: AT,
      transactionHashes: [],
      gasUsed: 0n,
      mayHaveLogs: false,
    }
    const [genesis, block] = [
      { ...header, hash: aHash() },
      { ...header, number: 1, hash: aHash() },
    ]
    await backend.stores.chains.begin(economy.chainId, genesis)
    const outcome = {
      txHash: attempts[0]?.txHash ?? '',
      gasUsed: 1n,
      effectiveGasPrice: 1n,
      revertReason: null,
    }
    const submissions = [{ id, blockIndex: 0, ...outcome }]
    const { chainId, economyId, tenantId } = economy
    const { settlements } = backend.stores
    const [known] = await settlements.submissionsOf([outcome.txHash])
    const why = { code: 'window_cap_exceeded', reason: 'The window is full.' } as const
    const of = { economyId, tenantId, blockIndex: 0, txHash: outcome.txHash, ...why }
    const failures = (known?.payments ?? []).map(({ transactionId }) => ({ ...of, transactionId }))
    const nothing = { newAccounts: [], movements: [], changes: [], payments: [] }
    await settlements.settle(chainId, genesis, { ...nothing, failures, blocks: [block], submissions }, 1)
  }

  describe(`the submission store ${implementation}`, () => {
    it('tells what waits for a lane: administrative calls, and economies with queued transactions', async () => {
      const economy = await arrange()
      const work = (laneId: string) => backend.stores.submissions.work(laneId)
      expect(await work(economy.laneId)).toEqual({ hasAdministrative: false, economies: [] })
      await queue(economy, 1)
      await backend.queueGrant(economy)
      const { economyId, tenantId, tokenRules: tokenRulesAddress } = economy
      expect(await work(economy.laneId)).toEqual({
        hasAdministrative: true,
        economies: [{ economyId, tenantId, tokenRulesAddress }],
      })
    })

    it('claims payments oldest first, with what the chain needs of them', async () => {
      const economy = await arrange()
      const ids = await queue(economy, 3)
      const claimed = await backend.stores.submissions.withLaneLocked(economy.laneId, (locked) =>
        locked.claimPayments(economy.economyId, 2),
      )
      expect(claimed?.map(({ transactionId }) => transactionId)).toEqual(ids.slice(0, 2))
      const recipient = economy.users[2]?.address
      expect(claimed?.map(({ legs }) => legs)).toEqual([
        [{ recipient, amount: 1n, isFresh: true }],
        [{ recipient, amount: 2n, isFresh: true }],
      ])
      for (const { payerSalt } of claimed ?? []) expect(payerSalt).toHaveLength(12)
    })

    it('stores a batch with its nonce, moves its transactions and tells of them, all together', async () => {
      const economy = await arrange()
      const ids = await queue(economy, 2)
      const { id } = await submit(backend, economy, 7)
      const rows = await backend.rows(economy)
      expect(rows.transactions).toEqual(
        ids.map((transactionId) => ({
          id: transactionId,
          status: 'submitted',
          submissionId: id,
          failureCode: null,
        })),
      )
      expect(rows.events.slice(2)).toEqual(
        ids.map((subjectId) => ({ topic: 'transaction.submitted', subjectId })),
      )
      expect(rows.submissions).toEqual([{ id, kind: 'transfer_batch', nonce: 7, status: 'signed' }])
      const state = await backend.stores.submissions.withLaneLocked(
        economy.laneId,
        async (locked) => locked.state,
      )
      expect(state).toMatchObject({ lastNonce: 7, inFlight: 1, inFlightCostWei: 20_000n })
    })

    it('keeps nothing of a work that fails, of a nonce that is taken, or of a transaction that has moved', async () => {
      const economy = await arrange()
      const ids = await queue(economy, 1)
      const { economyId, tenantId, tokenRules: tokenRulesAddress, laneId } = economy
      const record = (nonce: number, transactionIds: readonly string[], error?: Error) =>
        backend.stores.submissions.withLaneLocked(laneId, async (locked) => {
          const of = { economyId, tenantId, tokenRulesAddress }
          await locked.claimPayments(economyId, 10)
          await locked.recordBatch({
            economy: of,
            call: A_CALL,
            nonce,
            attempt: anAttempt(uuidv7()),
            transactionIds,
          })
          if (error) throw error
        })
      const died = new Error('died')
      await expect(record(0, ids, died)).rejects.toBe(died)
      await expect(record(0, [...ids, uuidv7()])).rejects.toThrow(
        'every claimed transaction moves to submitted',
      )
      expect((await backend.rows(economy)).submissions).toEqual([])
      await record(0, ids)
      await queue(economy, 1)
      await expect(record(0, [])).rejects.toThrow(/chain_submission_lane_id_nonce_key/)
      expect((await backend.rows(economy)).submissions).toHaveLength(1)
    })

    it('makes the next one wait for a locked lane, who then sees what the first one did', async () => {
      const economy = await arrange()
      await queue(economy, 1)
      const { submissions } = backend.stores
      const [first, locked, letGo] = heldOpen((hold) =>
        submissions.withLaneLocked(economy.laneId, async (lane) => {
          await hold()
          const call = { nonce: 3, call: A_CALL, attempt: anAttempt(uuidv7()), mayBeFirst: true }
          return lane.recordFiller(call)
        }),
      )
      await locked
      const second = submissions.withLaneLocked(economy.laneId, async ({ state }) => state.lastNonce)
      letGo()
      expect(await first).toBe(true)
      expect(await second).toBe(3)
      expect(await submissions.withLaneLocked(uuidv7(), async () => 'ran')).toBeNull()
    })

    it('gives an administrative call its nonce once', async () => {
      const economy = await arrange()
      const id = await backend.queueGrant(economy)
      const { submissions } = backend.stores
      await submissions.withLaneLocked(economy.laneId, async (locked) => {
        expect(await locked.claimAdministrative()).toMatchObject({ id, kind: 'faucet_grant' })
        await locked.recordAdministrative(id, 4, 250_000n, anAttempt(id))
        expect(await locked.claimAdministrative()).toBeNull()
      })
      expect(await submissions.open(economy.laneId)).toMatchObject([{ id, nonce: 4, status: 'signed' }])
      const call = await submissions.withLaneLocked(economy.laneId, (locked) => locked.readCall(id))
      expect(call?.gasLimit).toBe(250_000n)
    })

    it('adds the next attempt once, and none to what was mined', async () => {
      const economy = await arrange()
      const one = await anOpenOne(economy)
      const { submissions } = backend.stores
      const add = (attempt: number) =>
        submissions.withLaneLocked(economy.laneId, (locked) => locked.addAttempt(anAttempt(one.id, attempt)))
      expect([await add(2), await add(2), await add(4)]).toEqual([true, false, false])
      await mine(economy, one)
      expect(await add(3)).toBe(false)
      expect(await submissions.open(economy.laneId)).toEqual([])
      expect(await submissions.withLaneLocked(economy.laneId, (locked) => locked.readCall(one.id))).toBeNull()
    })

    it('closes a gap once, and below all rows only when it may', async () => {
      const economy = await arrange()
      await anOpenOne(economy, 5)
      const fill = (nonce: number, mayBeFirst: boolean) =>
        backend.stores.submissions.withLaneLocked(economy.laneId, (locked) =>
          locked.recordFiller({ nonce, call: A_CALL, attempt: anAttempt(uuidv7()), mayBeFirst }),
        )
      expect([await fill(4, false), await fill(4, true), await fill(4, true), await fill(5, true)]).toEqual([
        false,
        true,
        false,
        false,
      ])
      expect(await fill(6, false)).toBe(true)
      expect((await backend.rows(economy)).submissions.map(({ kind, nonce }) => [kind, nonce])).toEqual([
        ['nonce_filler', 4],
        ['transfer_batch', 5],
        ['nonce_filler', 6],
      ])
    })

    it.each([
      ['accepted', 'broadcast'],
      ['unknown', 'broadcast'],
      ['rejected', 'signed'],
    ] as const)('records that a node said %s, and the submission is %s', async (verdict, status) => {
      const economy = await arrange()
      const one = await anOpenOne(economy)
      const { submissions } = backend.stores
      const [attempt] = one.attempts
      if (!attempt) throw new Error('it has an attempt')
      await submissions.recordAnswer(attempt, { verdict, reason: 'unclear', message: 'words' }, AT)
      expect(await submissions.open(economy.laneId)).toMatchObject([
        { status, attempts: [{ broadcastAt: AT, lastAnswer: { verdict, reason: 'unclear', at: AT } }] },
      ])
      await mine(economy, one)
      await submissions.recordAnswer(attempt, { verdict, reason: 'unclear', message: 'late' }, AT)
      expect((await backend.rows(economy)).submissions).toMatchObject([{ status: 'mined' }])
    })

    it('gives stored bytes back unchanged', async () => {
      const economy = await arrange()
      const one = await anOpenOne(economy, 2)
      const { submissions } = backend.stores
      const txHash = one.attempts[0]?.txHash ?? ''
      expect((await submissions.rawTxs(one.attempts)).get(txHash)).toHaveLength(100)
      const ref = { submissionId: one.id, attempt: 1, txHash }
      expect(await submissions.attemptsBetween(economy.laneId, 0, 2)).toEqual([ref])
      expect(await submissions.attemptsBetween(economy.laneId, 3, 9)).toEqual([])
    })

    it('queues the work of a replaced submission once more, exactly once', async () => {
      const economy = await arrange()
      const one = await anOpenOne(economy, 0, 2)
      const requeue = () =>
        backend.stores.submissions.withLaneLocked(economy.laneId, (locked) => locked.requeueReplaced(one, AT))
      expect(await Promise.all([requeue(), requeue()])).toEqual(expect.arrayContaining([true, false]))
      const rows = await backend.rows(economy)
      expect(rows.submissions).toMatchObject([{ status: 'replaced' }])
      expect(rows.transactions.map(({ status, submissionId }) => [status, submissionId])).toEqual([
        ['queued', null],
        ['queued', null],
      ])
      expect(rows.events.filter(({ topic }) => topic === 'transaction.queued')).toHaveLength(4)
    })

    it('queues a replaced administrative call under a new id', async () => {
      const economy = await arrange()
      const id = await backend.queueGrant(economy)
      const { submissions } = backend.stores
      await submissions.withLaneLocked(economy.laneId, async (locked) => {
        await locked.claimAdministrative()
        await locked.recordAdministrative(id, 0, 250_000n, anAttempt(id))
      })
      const [seen] = await submissions.open(economy.laneId)
      if (!seen) throw new Error('it was just signed')
      await submissions.withLaneLocked(economy.laneId, (locked) => locked.requeueReplaced(seen, AT))
      const rows = (await backend.rows(economy)).submissions
      expect(rows).toMatchObject([
        { id, status: 'replaced', nonce: 0 },
        { kind: 'faucet_grant', status: 'queued', nonce: null },
      ])
      expect(rows[1]?.id).not.toBe(id)
    })

    it('leaves a submission alone that got another attempt, or was mined, since it was seen', async () => {
      const economy = await arrange()
      const one = await anOpenOne(economy)
      const { submissions } = backend.stores
      const locked = <Result>(work: Parameters<typeof submissions.withLaneLocked<Result>>[1]) =>
        submissions.withLaneLocked(economy.laneId, work)
      await locked((lane) => lane.addAttempt(anAttempt(one.id, 2)))
      expect(await locked((lane) => lane.requeueReplaced(one, AT))).toBe(false)
      const [raised] = await submissions.open(economy.laneId)
      if (!raised) throw new Error('it is open')
      await mine(economy, raised)
      expect(await locked((lane) => lane.requeueReplaced(raised, AT))).toBe(false)
      expect((await backend.rows(economy)).submissions).toMatchObject([{ status: 'mined' }])
    })
  })

  describe(`the work finder ${implementation}`, () => {
    it('finds lanes with queued work, and those whose bytes are in no block after a while', async () => {
      const now = Date.now()
      const lanes = await Promise.all(
        [0, 60_000, -60_000].map(async (aheadMs) => {
          const economy = await arrange()
          await queue(economy, 1)
          await submit(backend, economy, 0, new Date(now + aheadMs))
          return economy.laneId
        }),
      )
      const idle = await arrange()
      await queue(idle, 1)
      const work = await backend.stores.finder.findUnfinished()
      const among = (found: readonly string[] = []) => [...lanes, idle.laneId].map((id) => found.includes(id))
      expect(among(work?.lanesToSubmit)).toEqual([false, false, false, true])
      // A clock that runs ahead signed the second one.
      expect(among(work?.lanesToRebroadcast)).toEqual([false, true, true, false])
      expect(work?.isOutboxBehind).toBe(true)
    })
  })

  describe(`the lane store ${implementation}`, () => {
    it('pauses and resumes for the same reason only, and tells who did it', async () => {
      const { laneId } = await arrange()
      const { lanes } = backend.stores
      expect(await lanes.pause(laneId, 'out_of_gas')).toBe(true)
      expect(await lanes.pause(laneId, 'rejected')).toBe(false)
      expect(await lanes.resume(laneId, 'rejected')).toBe(false)
      expect(await lanes.find(laneId)).toMatchObject({ status: 'paused', pauseReason: 'out_of_gas' })
      expect(await lanes.resume(laneId, 'out_of_gas')).toBe(true)
      expect(await lanes.find(laneId)).toMatchObject({
        status: 'active',
        pauseReason: null,
        isChainActive: true,
      })
    })

    it('forgets the balance of a lane that ran out of gas, and takes none that was read before it did', async () => {
      const { laneId } = await arrange()
      const { lanes } = backend.stores
      const balance = async () => (await lanes.find(laneId))?.balanceWei
      await lanes.recordBalance(laneId, 10n ** 30n, AT, false)
      expect(await balance()).toBe(10n ** 30n)
      await lanes.pause(laneId, 'out_of_gas')
      expect(await balance()).toBeNull()
      await lanes.recordBalance(laneId, 10n ** 30n, AT, false)
      expect(await balance()).toBeNull()
      await lanes.recordBalance(laneId, 5n, AT, true)
      expect(await balance()).toBe(5n)
    })

    it('has each address once per chain, and lists the lanes of a chain', async () => {
      const { chainId, laneId } = await arrange()
      const { lanes } = backend.stores
      const lane = { chainId, address: `0x${aHash().slice(2, 42)}`, keyJwe: 'jwe' }
      const id = uuidv7()
      expect(await lanes.insert({ id, ...lane }, AT)).toBe(true)
      expect(await lanes.insert({ id: uuidv7(), ...lane }, AT)).toBe(false)
      expect((await lanes.list(chainId)).map((each) => each.id)).toEqual([laneId, id].toSorted())
      expect(await lanes.find(uuidv7())).toBeNull()
    })
  })
}
