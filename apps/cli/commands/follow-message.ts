import { setTimeout as sleep } from 'node:timers/promises'
import { Wallet } from 'ethers'
import { CommandFailed, UsageError } from '../errors.ts'
import type { Terminal } from '../terminal.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireStake, WireUnstake } from '../wire.ts'

/** A stake or an unstake, as far as it is followed. */
type WireMessage = WireStake | WireUnstake

const POLL_MS = 500
/** Beyond this long nothing is wrong yet: the chains' finality decides. The command can be taken up again. */
const TIMEOUT_MS = 600_000
/** Where a message ends, whatever was meant to become of it. */
export const ENDED: ReadonlySet<string> = new Set(['completed', 'revoked', 'expired', 'failed'])
const MARKS = { pending: '·', running: '…', done: '✓' } as const

/** The wallet whose private key is in the environment: it signs here, and goes nowhere. @throws UsageError */
export function walletFrom({ env }: Terminal, variable: string, whatItDoes: string): Wallet {
  const key = env[variable]
  if (!key)
    throw new UsageError(
      `Set ${variable} to the private key of the wallet that ${whatItDoes}: 0x and 64 hex digits.`,
    )
  try {
    return new Wallet(key)
  } catch {
    // The error would repeat the key.
    throw new UsageError(`${variable} is no private key: write 0x and 64 hex digits.`)
  }
}

/** Says each change as it happens. @throws CommandFailed naming how to go on, when it takes too long. */
export async function followMessage<Message extends WireMessage>(
  terminal: Terminal,
  economy: V3Client,
  at: { path: string; id: string; command: string },
): Promise<Message> {
  const { path, id, command } = at
  const deadline = performance.now() + TIMEOUT_MS
  let said = ''
  for (;;) {
    const message = await economy.get<Message>(`${path}/${encodeURIComponent(id)}`)
    const line = lineOf(message)
    if (line !== said) terminal.err(line)
    said = line
    if (ENDED.has(message.status)) return message
    if (performance.now() > deadline)
      throw new CommandFailed(
        `${id} is still ${message.status}. It goes on by itself; look with: npm run ost -- ${command} --resume ${id}`,
      )
    await sleep(POLL_MS)
  }
}

/** `stk_… confirmed: stake ✓  confirm ✓  mint …  release ·`. */
function lineOf({ id, status, steps, problem }: WireMessage): string {
  const marks = steps.map((step) => `${step.name} ${MARKS[step.status]}`).join('  ')
  return `${id} ${status}: ${marks}${problem === null ? '' : `  (${problem})`}`
}

/** The transaction of each step, by its name. */
export function transactionsOf({ steps }: WireMessage): Record<string, string> {
  return Object.fromEntries(steps.map((step) => [step.name, step.transaction_hash ?? '—']))
}
