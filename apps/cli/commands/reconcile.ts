import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { leaf } from '../command.ts'
import { CommandFailed } from '../errors.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { V3Client } from '../v3-client.ts'
import type { WirePage, WireReconciliation, WireReconciliationRequest } from '../wire.ts'

const PATH = '/v3/token/reconciliations'
const POLL_MS = 500
/** A bell that nobody heard is rung again. */
const RING_EVERY_MS = 5_000
const TIMEOUT_MS = 60_000

export function reconcileCommand(terminal: Terminal): Command {
  return leaf(terminal, {
    name: 'reconcile',
    plane: 'data',
    description:
      'Compare the ledger of an economy with its chain, account by account. Ends with 1 on any difference.',
    examples: ['reconcile', 'reconcile --economy eco_01k0g2qz5me93tnsy1xq2zc7ah --json'],
    async run({ session, show }) {
      const result = await reconcileNow(session.economy)
      const scope = `${result.accounts} accounts at block ${result.block_number}`
      if (result.status === 'equal') return show(result, `Ledger and chain are equal: ${scope}.`)
      const columns = [
        { title: 'what', show: (one: WireReconciliation['differences'][number]) => one.kind },
        { title: 'account', show: (one: WireReconciliation['differences'][number]) => one.address ?? '' },
        { title: 'expected', show: (one: WireReconciliation['differences'][number]) => one.expected ?? '' },
        { title: 'found', show: (one: WireReconciliation['differences'][number]) => one.found ?? '' },
      ]
      show(result, table(columns, result.differences))
      throw new CommandFailed(
        `Ledger and chain differ: ${result.differences.length} differences in ${scope}.`,
      )
    },
  })
}

/** Asks for a comparison and waits for the one that follows. @throws CommandFailed when none comes. */
async function reconcileNow(economy: V3Client): Promise<WireReconciliation> {
  const deadline = performance.now() + TIMEOUT_MS
  const { requested_at } = await economy.post<WireReconciliationRequest>(PATH)
  let ringAgainAt = performance.now() + RING_EVERY_MS
  for (;;) {
    const page = await economy.get<WirePage<WireReconciliation>>(PATH, { limit: 1 })
    const [newest] = page.data
    if (newest && newest.created_at >= requested_at) return newest
    if (performance.now() > deadline) {
      throw new CommandFailed(
        `No comparison came within ${TIMEOUT_MS / 1_000} s. Is a worker running, and the economy live?`,
      )
    }
    if (performance.now() > ringAgainAt) {
      await economy.post(PATH)
      ringAgainAt += RING_EVERY_MS
    }
    await sleep(POLL_MS)
  }
}
