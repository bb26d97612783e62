import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EconomyNotFound } from '#core/economy/errors.ts'
import { type AcceptanceTx, refKey } from '#core/transaction/acceptance-store.ts'
import { uuidv7 } from 'uuidv7'
import type { MoneyBackend, MoneyEconomy } from './money-backend.ts'
import { accept, anAccepted } from './money-fixtures.ts'

const FINGERPRINT = { method: 'POST', path: '/v3/transactions', fields: { amount: 'a' } }

/** What every acceptance store promises. */
export function describeAcceptanceStore(implementation: string, open: () => Promise<MoneyBackend>): void {
  describe(`the acceptance store ${implementation}`, () => {
    let backend: MoneyBackend
    beforeAll(async () => {
      backend = await open()
    })
    afterAll(async () => backend.close())

    const arrange = () => backend.addEconomy({ users: 2, finalityDepth: 2 })
    const inTransaction = <Result>(economy: MoneyEconomy, work: (tx: AcceptanceTx) => Promise<Result>) =>
      backend.stores.acceptance.transaction([economy.tenantId], work)
    const claim = (
      { economyId, tenantId }: MoneyEconomy,
      key: string,
      transactionId: string | null = null,
    ) => ({
      economyId,
      tenantId,
      key,
      fingerprint: FINGERPRINT,
      transactionId,
    })

    it('knows a key from its first claim on, with the one transaction it stands for', async () => {
      const economy = await arrange()
      const id = uuidv7()
      expect(await inTransaction(economy, (tx) => tx.claimKeys([claim(economy, 'k', id)]))).toEqual(new Map())
      const found = await inTransaction(economy, (tx) =>
        tx.claimKeys([claim(economy, 'k'), claim(economy, 'other')]),
      )
      const expected = { fingerprint: FINGERPRINT, result: [{ transactionId: id }] }
      expect([...found]).toEqual([[refKey(economy.economyId, 'k'), expected]])
    })

    it('keeps the result of a key that stands for more than one accepted transaction', async () => {
      const economy = await arrange()
      const { economyId } = economy
      const result = [
        { transactionId: uuidv7() },
        {
          refused: {
            code: 'insufficient_funds' as const,
            message: 'no',
            details: { available: '0' },
            fields: [],
          },
        },
      ]
      await inTransaction(economy, async (tx) => {
        await tx.claimKeys([claim(economy, 'batch', uuidv7())])
        tx.write({
          transactions: [],
          reservations: new Map(),
          results: [{ economyId, key: 'batch', result }],
          now: new Date(),
        })
      })
      const found = await inTransaction(economy, (tx) => tx.claimKeys([claim(economy, 'batch')]))
      expect(found.get(refKey(economyId, 'batch'))?.result).toEqual(result)
    })

    it('takes everything back when the work throws', async () => {
      const economy = await arrange()
      const failure = new Error('died')
      const attempt = inTransaction(economy, async (tx) => {
        await tx.claimKeys([claim(economy, 'lost')])
        const transaction = anAccepted(economy, { from: 1, to: 2, amount: 5n })
        tx.write({ transactions: [transaction], reservations: new Map(), results: [], now: new Date() })
        throw failure
      })
      await expect(attempt).rejects.toBe(failure)
      expect(await inTransaction(economy, (tx) => tx.claimKeys([claim(economy, 'lost')]))).toEqual(new Map())
      const { transactions, events, holds } = await backend.rows(economy)
      expect([transactions, events, holds]).toEqual([[], [], []])
    })

    it('lets a second claim of a key wait for the first, and tells it what that one did', async () => {
      const economy = await arrange()
      const id = uuidv7()
      const order: string[] = []
      const [first, claimed, letGo] = heldOpen(async (hold) =>
        inTransaction(economy, async (tx) => {
          await tx.claimKeys([claim(economy, 'race', id)])
          await hold()
          order.push('first')
        }),
      )
      await claimed
      const second = inTransaction(economy, async (tx) => {
        const found = await tx.claimKeys([claim(economy, 'race', uuidv7())])
        order.push('second')
        return found
      })
      letGo()
      await first
      expect([...(await second).values()].map(({ result }) => result)).toEqual([[{ transactionId: id }]])
      expect(order).toEqual(['first', 'second'])
    })

    it('locks the parties with their balances, and the next one sees what the first one held', async () => {
      const economy = await arrange()
      const { economyId, users } = economy
      const userId = users[1]?.id ?? ''
      const refs = [
        { economyId, userId },
        { economyId, userId: uuidv7() },
      ]
      await backend.setSettled(economy, userId, 100n)
      const [first, locked, letGo] = heldOpen(async (hold) =>
        inTransaction(economy, async (tx) => {
          await tx.lockParties(refs)
          await hold()
          const reservations = new Map([[refKey(economyId, userId), { held: 60n, pendingIn: 3n }]])
          const transactions = [anAccepted(economy, { from: 1, to: 2, amount: 60n })]
          tx.write({ transactions, reservations, results: [], now: new Date() })
        }),
      )
      await locked
      const second = inTransaction(economy, (tx) => tx.lockParties(refs))
      letGo()
      await first
      const parties = await second
      expect([...parties.keys()]).toEqual([refKey(economyId, userId)])
      expect(parties.get(refKey(economyId, userId))).toMatchObject({
        id: userId,
        type: 'user',
        status: 'active',
        isManaged: true,
        isVerified: false,
        settled: 100n,
        held: 60n,
      })
    })

    it('writes transactions, holds, reservations and events together, and reads back what was accepted', async () => {
      const economy = await arrange()
      const now = new Date()
      const accepted = [1n, 2n].map((amount) =>
        anAccepted(economy, { from: 1, to: 2, amount, createdAt: now }),
      )
      await accept(backend, economy, accepted)
      const rows = await backend.rows(economy)
      const ids = accepted.map(({ id }) => id)
      expect(rows.transactions).toEqual(
        ids.map((id) => ({ id, status: 'queued', submissionId: null, failureCode: null })),
      )
      expect(rows.holds).toEqual(
        accepted.map(({ id, amount }) => ({ transactionId: id, amount, status: 'pending' })),
      )
      expect(rows.events).toEqual(ids.map((subjectId) => ({ topic: 'transaction.queued', subjectId })))
      const account = (index: number) => rows.accounts.find(({ id }) => id === economy.users[index]?.id)
      expect([account(1)?.held, account(2)?.pendingIn]).toEqual([3n, 3n])
      const found = await inTransaction(economy, (tx) =>
        tx.findAccepted(economy.economyId, [...ids, uuidv7()]),
      )
      expect([...found.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(accepted)
    })

    it('counts what was accepted per subject in the hour, the day and thirty days', async () => {
      const economy = await arrange()
      const { economyId, typeId, users } = economy
      const now = new Date('2026-11-21T12:30:00Z')
      const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000)
      for (const [index, createdAt] of [now, hoursAgo(2), hoursAgo(30), hoursAgo(31 * 24)].entries()) {
        await accept(backend, economy, [
          anAccepted(economy, { from: 1, to: 2, amount: 10n ** BigInt(index), createdAt }),
        ])
      }
      const subjects = [users[1]?.id ?? '', typeId, uuidv7()].map((subjectId) => ({ economyId, subjectId }))
      const windows = await inTransaction(economy, (tx) => tx.readActivity(subjects, now))
      const expected = {
        hour: { count: 1, sum: 1n },
        day: { count: 2, sum: 11n },
        month: { count: 3, sum: 111n },
      }
      expect(windows).toEqual(
        new Map(subjects.slice(0, 2).map(({ subjectId }) => [refKey(economyId, subjectId), expected])),
      )
    })

    it('shows economies and configurations of the given tenants only', async () => {
      const [economy, other] = [await arrange(), await arrange()]
      const { economyId, tenantId, laneId } = economy
      const economies = await inTransaction(economy, (tx) => tx.readEconomies([economyId, other.economyId]))
      expect([...economies]).toEqual([[economyId, { tenantId, laneId, status: 'active', configVersion: 1 }]])
      const config = await inTransaction(economy, (tx) => tx.loadConfig(economyId))
      expect(config).toMatchObject({
        economyId,
        tenantId,
        configVersion: 1,
        companyUserId: economy.users[0]?.id,
      })
      expect(config.typesByName.get('tip')?.id).toBe(economy.typeId)
      const foreign = inTransaction(economy, (tx) => tx.loadConfig(other.economyId))
      await expect(foreign).rejects.toBeInstanceOf(EconomyNotFound)
    })
  })
}

/** Starts work that stands still at `hold()` until it is let go. */
export function heldOpen<Result>(
  start: (hold: () => Promise<void>) => Promise<Result>,
): [Promise<Result>, Promise<void>, () => void] {
  let reached = () => {}
  let letGo = () => {}
  const arrived = new Promise<void>((resolve) => {
    reached = resolve
  })
  const released = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const work = start(() => {
    reached()
    return released
  })
  return [work, arrived, letGo]
}
