import type { OpenSubmission } from '#core/chain/submission.ts'
import type { Settlement } from '#core/ledger/settlement.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import { openGate } from '#test/support/memory/memory-database.ts'
import { createMemoryStores } from '#test/support/memory/money-stores.ts'
import type { Plant, Ports, World } from './world.ts'

/** Bugs that systems of this kind had, each put into the ports of an otherwise sound platform. */
export const PLANTED_BUGS: Readonly<Record<string, Plant>> = {
  'a lost answer is signed again with a new nonce': (ports, world) =>
    onUnknown(ports, async (submissionId) => {
      const sound = soundPorts(world)
      const open = await openSubmission(world, sound, submissionId)
      if (!open) return
      await sound.submissions.withLaneLocked(open.laneId, (locked) =>
        locked.requeueReplaced(open.seen, new Date(0)),
      )
    }),

  'an unknown answer releases the hold': (ports, world) =>
    onUnknown(ports, async (submissionId) => {
      const { tables } = world
      const tx = tables.database.begin()
      const submission = tx.get(tables.submissions, submissionId)
      for (const id of submission?.transactionIds ?? []) {
        const key = refKey(submission?.economyId ?? '', id)
        const hold = tx.get(tables.holds, key)
        const account = hold && tx.get(tables.accounts, refKey(hold.economyId, hold.accountId))
        if (hold?.status !== 'pending' || !account) continue
        tx.put(tables.holds, key, { ...hold, status: 'voided' })
        tx.put(tables.accounts, refKey(account.economyId, account.id), {
          ...account,
          held: account.held - hold.amount,
        })
      }
      tx.commit()
    }),

  'a re-org is followed without reversing entries': (ports, world) => ({
    ...ports,
    settlements: {
      ...ports.settlements,
      async reverse(chainId, from, ancestor) {
        const { tables } = world
        const entries = new Map(tables.entries.committed)
        const accounts = new Map(tables.accounts.committed)
        const reversal = await ports.settlements.reverse(chainId, from, ancestor)
        for (const [key, row] of accounts) {
          const { held, pendingIn } = tables.accounts.committed.get(key) ?? row
          tables.accounts.committed.set(key, { ...row, held, pendingIn })
        }
        for (const key of tables.entries.committed.keys())
          if (!entries.has(key)) tables.entries.committed.delete(key)
        return reversal
      },
    },
  }),

  'balances are posted twice': (ports) =>
    withSettlement(ports, (settlement) => ({
      ...settlement,
      changes: settlement.changes.map((change) => ({ ...change, settled: change.settled * 2n })),
    })),

  'the payer is debited and nobody credited': (ports) =>
    withSettlement(ports, (settlement) => ({
      ...settlement,
      changes: settlement.changes.map((change) => ({
        ...change,
        settled: change.settled > 0n ? 0n : change.settled,
      })),
    })),

  'blocks are settled twice': (ports, world) => ({
    ...ports,
    settlements: {
      ...ports.settlements,
      async settle(chainId, from, settlement, headNumber) {
        await ports.settlements.settle(chainId, from, settlement, headNumber)
        const { cursors, blocks } = world.tables
        const cursor = cursors.committed.get(String(chainId))
        const [block] = settlement.blocks
        if (!cursor || !block) return
        for (const [key, row] of blocks.committed) if (row.number > from.number) blocks.committed.delete(key)
        cursors.committed.set(String(chainId), { ...cursor, ...from })
        await ports.settlements.settle(chainId, from, generationTwo(settlement), headNumber)
      },
    },
  }),

  'an idempotency key is forgotten': (ports) => ({
    ...ports,
    acceptance: {
      transaction: (tenantIds, work) =>
        ports.acceptance.transaction(tenantIds, (tx) => work({ ...tx, claimKeys: async () => new Map() })),
    },
  }),

  'accounts are not locked while funds are decided': (ports, world) => ({
    ...ports,
    acceptance: {
      transaction: (tenantIds, work) =>
        ports.acceptance.transaction(tenantIds, (tx) =>
          work({
            ...tx,
            lockParties: (refs) => readParties(world, refs),
          }),
        ),
    },
  }),

  'failures are final at once': (ports, world) => ({
    ...ports,
    settlements: {
      ...ports.settlements,
      async confirm(chainId, transactionsMax) {
        const { cursors } = world.tables
        const cursor = cursors.committed.get(String(chainId))
        // As if two blocks on top were enough.
        if (cursor) cursors.committed.set(String(chainId), { ...cursor, number: cursor.number + 2 })
        try {
          return await ports.settlements.confirm(chainId, transactionsMax)
        } finally {
          const moved = cursors.committed.get(String(chainId))
          if (moved && cursor) cursors.committed.set(String(chainId), { ...moved, number: moved.number - 2 })
        }
      },
    },
  }),

  'a nonce is taken from the chain alone': (ports) => ({
    ...ports,
    submissions: {
      ...ports.submissions,
      withLaneLocked: (laneId, work) =>
        ports.submissions.withLaneLocked(laneId, (locked) =>
          work({ ...locked, state: { ...locked.state, lastNonce: null } }),
        ),
    },
  }),

  'bytes are sent before they are stored': (ports) => {
    const sent = new Set<string>()
    return {
      ...ports,
      submissions: {
        ...ports.submissions,
        withLaneLocked: (laneId, work) =>
          ports.submissions.withLaneLocked(laneId, (locked) =>
            work({
              ...locked,
              async recordBatch(batch) {
                if (!sent.has(batch.attempt.txHash))
                  await ports.rpc.broadcast(batch.attempt.rawTx, batch.attempt.txHash)
                sent.add(batch.attempt.txHash)
                await locked.recordBatch(batch)
              },
            }),
          ),
      },
    }
  },
}

/** The ports without the bug and without steps, for what a bug does behind everybody's back. */
function soundPorts({ tables, ids }: World) {
  return createMemoryStores({ tables, ids, clock: { now: () => new Date(0) }, gate: openGate })
}

function onUnknown(ports: Ports, react: (submissionId: string) => Promise<void>): Ports {
  return {
    ...ports,
    submissions: {
      ...ports.submissions,
      async recordAnswer(attempt, answer, at) {
        await ports.submissions.recordAnswer(attempt, answer, at)
        if (answer.verdict === 'unknown') await react(attempt.submissionId)
      },
    },
  }
}

async function openSubmission(
  { tables }: World,
  sound: Pick<Ports, 'submissions'>,
  submissionId: string,
): Promise<{ laneId: string; seen: OpenSubmission } | null> {
  const laneId = tables.submissions.committed.get(submissionId)?.laneId
  if (laneId === undefined) return null
  const seen = (await sound.submissions.open(laneId)).find(({ id }) => id === submissionId)
  return seen ? { laneId, seen } : null
}

function withSettlement(ports: Ports, change: (settlement: Settlement) => Settlement): Ports {
  const { settlements } = ports
  return {
    ...ports,
    settlements: {
      ...settlements,
      settle: (chainId, from, settlement, headNumber) =>
        settlements.settle(chainId, from, change(settlement), headNumber),
    },
  }
}

/** Only the money again, as a second follower would have written it without the cursor's lock. */
function generationTwo(settlement: Settlement): Settlement {
  return { ...settlement, newAccounts: [], movements: [], payments: [], failures: [], submissions: [] }
}

async function readParties(world: World, refs: readonly { economyId: string; userId: string }[]) {
  const sound = soundPorts(world)
  const tenantIds = world.economies.map(({ tenantId }) => tenantId)
  return sound.acceptance.transaction(tenantIds, (tx) => tx.lockParties(refs))
}
