import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { leaf, option } from '../command.ts'
import { CommandFailed } from '../errors.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { V3Client } from '../v3-client.ts'
import type {
  WireEconomyReconciliations,
  WirePage,
  WirePlatformReconciliationRequest,
  WireReconciliation,
  WireReconciliationRequest,
} from '../wire.ts'

const PATH = '/v3/token/reconciliations'
const PLATFORM_PATH = '/v3/platform/reconciliations'
const POLL_MS = 500
/** A bell that nobody heard is rung again. */
const RING_EVERY_MS = 5_000
const TIMEOUT_MS = 60_000
/** The workers compare one economy after the other. */
const TIMEOUT_PER_ECONOMY_MS = 5_000

type Difference = WireReconciliation['differences'][number]
type Compared = WireEconomyReconciliations['data'][number]

export function reconcileCommand(terminal: Terminal): Command {
  return leaf<{ all?: boolean }>(terminal, {
    name: 'reconcile',
    plane: 'data',
    description:
      'Compare the ledger of an economy with its chain, account by account. Ends with 1 on any difference.',
    options: [option('--all', 'every live economy of the platform; needs the operator key (OPERATOR_KEY)')],
    examples: ['reconcile', 'reconcile --economy eco_01k0g2qz5me93tnsy1xq2zc7ah --json', 'reconcile --all'],
    async run({ session, show }, { all = false }) {
      if (all) return reconcileAll(session.platform, show)
      const result = await reconcileNow(session.economy)
      const scope = `${result.accounts} accounts at block ${result.block_number}`
      if (result.status === 'equal') return show(result, `Ledger and chain are equal: ${scope}.`)
      show(result, table(COLUMNS, result.differences))
      throw new CommandFailed(
        `Ledger and chain differ: ${result.differences.length} differences in ${scope}.`,
      )
    },
  })
}

const COLUMNS = [
  { title: 'what', show: (one: Difference) => one.kind },
  { title: 'account', show: (one: Difference) => one.address ?? '' },
  { title: 'expected', show: (one: Difference) => one.expected ?? '' },
  { title: 'found', show: (one: Difference) => one.found ?? '' },
]

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

/** Every live economy: one line each, and one per difference. @throws CommandFailed on any difference or missing answer. */
async function reconcileAll(platform: V3Client, show: (value: unknown, text: string) => void): Promise<void> {
  const { requested_at, economies } = await platform.post<WirePlatformReconciliationRequest>(PLATFORM_PATH)
  const deadline = performance.now() + TIMEOUT_MS + economies * TIMEOUT_PER_ECONOMY_MS
  let ringAgainAt = performance.now() + RING_EVERY_MS
  let compared = await readCompared(platform)
  while (compared.some((one) => !isFresh(one, requested_at)) && performance.now() < deadline) {
    await sleep(POLL_MS)
    if (performance.now() > ringAgainAt) {
      await platform.post(PLATFORM_PATH)
      ringAgainAt = performance.now() + RING_EVERY_MS
    }
    compared = await readCompared(platform)
  }
  show(compared, compared.flatMap((one) => linesOf(one, requested_at)).join('\n') || 'No economy is live.')
  const differing = compared.filter(({ newest }) => newest?.status === 'drift')
  const silent = compared.filter((one) => !isFresh(one, requested_at))
  if (differing.length + silent.length === 0) return
  throw new CommandFailed(
    `Of ${compared.length} economies ${differing.length} differ from their chain, and ${silent.length} were not compared in time.`,
  )
}

async function readCompared(platform: V3Client): Promise<Compared[]> {
  const compared: Compared[] = []
  let after: string | undefined
  do {
    const page = await platform.get<WireEconomyReconciliations>(PLATFORM_PATH, { after })
    compared.push(...page.data)
    after = page.next_after ?? undefined
  } while (after !== undefined)
  return compared
}

function isFresh({ newest }: Compared, since: string): boolean {
  return newest !== null && newest.created_at >= since
}

function linesOf(one: Compared, since: string): string[] {
  const { economy_id, symbol, newest } = one
  const name = `${economy_id}  ${symbol}`
  if (!newest || !isFresh(one, since)) return [`${name}  not compared: is a worker running?`]
  const head = `${name}  ${newest.status}: ${newest.accounts} accounts at block ${newest.block_number}`
  const differences = newest.differences.map(
    ({ kind, address, expected, found }) =>
      `${name}  ${kind} of ${address ?? 'the economy'}: expected ${expected ?? 'nothing'}, found ${found ?? 'nothing'}`,
  )
  return [head, ...differences]
}
