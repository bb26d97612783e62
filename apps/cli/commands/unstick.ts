import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { leaf } from '../command.ts'
import { CommandFailed } from '../errors.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireSubmission } from '../wire.ts'
import { toWireId } from '../wire-id.ts'

const PATH = '/v3/platform/submissions'
const POLL_MS = 250
const PATIENCE_MS = 20_000
/** A bell that nobody heard is rung again. */
const RING_EVERY_MS = 5_000

export function unstickCommand(terminal: Terminal): Command {
  return leaf<Record<never, never>, [submission: string]>(terminal, {
    name: 'unstick',
    plane: 'platform',
    description:
      'Have a submission sent again now, with a higher fee where that is due. The nonce stays the same, so nothing is paid twice; safe to repeat.',
    arguments: [
      ['<submission>', "the submission: sub_…, or its UUID as logs and a transaction's timeline show it"],
    ],
    examples: ['unstick sub_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, _options, id) {
      const { platform } = session
      const path = `${PATH}/${encodeURIComponent(toWireId('sub', id))}`
      const before = await platform.get<WireSubmission>(path)
      if (!isOnItsWay(before)) return show(before, reportOf(before, 'Nothing to do.'))
      const after = await follow(platform, path, before)
      const what = changeText(before, after)
      if (what !== null) return show(after, reportOf(after, what))
      show(after, reportOf(after, 'Nothing has changed.'))
      throw new CommandFailed(
        `No worker took the request within ${PATIENCE_MS / 1_000} s. Is one running, and does the chain's node answer? The request stays: a worker does it as soon as it can.`,
      )
    },
  })
}

async function follow(platform: V3Client, path: string, before: WireSubmission): Promise<WireSubmission> {
  const deadline = performance.now() + PATIENCE_MS
  let ringAt = 0
  for (;;) {
    const isDue = performance.now() >= ringAt
    const now = isDue
      ? await platform.post<WireSubmission>(`${path}/unstick`)
      : await platform.get<WireSubmission>(path)
    if (isDue) ringAt = performance.now() + RING_EVERY_MS
    if (changeText(before, now) !== null || performance.now() > deadline) return now
    await sleep(POLL_MS)
  }
}

function isOnItsWay({ status }: WireSubmission): boolean {
  return status === 'signed' || status === 'broadcast'
}

/** What happened between the two, in words; null: nothing yet. */
function changeText(before: WireSubmission, now: WireSubmission): string | null {
  if (!isOnItsWay(now)) return `It is ${whereText(now)}.`
  if (now.attempts.length > before.attempts.length)
    return `Its fee was raised: attempt ${now.attempts.length} of nonce ${now.nonce} is out.`
  const sent = (submission: WireSubmission) =>
    submission.attempts.reduce((sum, { broadcasts }) => sum + broadcasts, 0)
  if (sent(now) === sent(before)) return null
  const answer = now.attempts.at(-1)?.last_answer
  return `The stored bytes went out again; the node said: ${answer ? `${answer.verdict}, ${answer.reason}` : 'nothing'}.`
}

function whereText({ status, block_number, tx_hash }: WireSubmission): string {
  switch (status) {
    case 'queued':
      return 'queued: it has no signature yet; its lane signs it when its turn comes'
    case 'refused':
      return 'refused: it was never signed, and will not be'
    case 'replaced':
      return 'replaced: its nonce was used by something else, its payments are queued anew'
    case 'mined':
    case 'confirmed':
    case 'reverted':
      return `${status} in block ${block_number} (${tx_hash})`
    case 'signed':
    case 'broadcast':
      return 'on its way'
  }
}

function reportOf(submission: WireSubmission, what: string): string {
  const { id, kind, nonce, transactions, attempts } = submission
  const carries = transactions === 0 ? kind : `${transactions} transactions`
  const head = `${id}: ${carries}, nonce ${nonce ?? '(none)'}, ${whereText(submission)}.`
  return attempts.length === 0 ? `${what}\n${head}` : `${what}\n${head}\n\n${table(COLUMNS, attempts)}`
}

type Attempt = WireSubmission['attempts'][number]
const COLUMNS = [
  { title: 'attempt', show: (attempt: Attempt) => String(attempt.attempt), align: 'right' as const },
  { title: 'transaction', show: (attempt: Attempt) => attempt.tx_hash },
  { title: 'max fee, wei', show: (attempt: Attempt) => attempt.max_fee_per_gas, align: 'right' as const },
  { title: 'sent', show: (attempt: Attempt) => `${attempt.broadcasts} ×`, align: 'right' as const },
  {
    title: 'last answer',
    show: ({ last_answer }: Attempt) =>
      last_answer ? `${last_answer.verdict}: ${last_answer.message || last_answer.reason}` : '',
  },
]
