import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { formatUnits } from '#core/shared/money.ts'
import { ageOf } from '../age.ts'
import { leaf, option } from '../command.ts'
import { CommandFailed, UsageError } from '../errors.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireLane, WirePage } from '../wire.ts'
import { toWireId } from '../wire-id.ts'

const PATH = '/v3/platform/lanes'
const POLL_MS = 200
/** How long nodes may take to say how their lanes stand. */
const LOOK_MS = 4_000
/** How long matching may take before the command lets the worker go on alone. */
const RECOVERY_MS = 120_000
const ETHER_DECIMALS = 18
const GWEI_DECIMALS = 9

export function lanesCommand(terminal: Terminal): Command {
  const list = leaf(terminal, {
    name: 'lanes',
    plane: 'platform',
    description:
      'Show every lane: relayer and balance, what waits and what is in flight, nonces, and what a block costs now.',
    examples: ['lanes', 'lanes --json', 'lanes resume lan_01k0g2qz5me93tnsy1xq2zc7ah --after-restore'],
    async run({ session, show }) {
      const { requested_at } = await session.platform.post<{ requested_at: string }>(`${PATH}/refresh`)
      const lanes = await readLooked(session.platform, requested_at)
      const unseen = lanes.filter((lane) => !isLookedAt(lane, requested_at))
      if (unseen.length > 0)
        terminal.err(
          `${unseen.length} of ${lanes.length} lanes as last seen: no worker or no node of theirs answers.`,
        )
      show(lanes, table(COLUMNS, lanes))
      for (const { id, missing_nonces } of lanes)
        if (missing_nonces.length > 0)
          terminal.err(`${id} has no submission for nonce ${missing_nonces.join(', ')}.`)
    },
  })
  return list.addCommand(resumeCommand(terminal))
}

function resumeCommand(terminal: Terminal): Command {
  return leaf<{ afterRestore?: boolean }, [lane: string]>(terminal, {
    name: 'resume',
    plane: 'platform',
    description: 'Let a paused lane sign again.',
    arguments: [['<lane>', 'the lane: lan_…, its UUID as logs show it, or its address']],
    options: [
      option(
        '--after-restore',
        'first match what its key has paid since the backup with queued transactions; those count as paid and are not paid again',
      ),
    ],
    examples: [
      'lanes resume lan_01k0g2qz5me93tnsy1xq2zc7ah',
      'lanes resume lan_01k0g2qz5me93tnsy1xq2zc7ah --after-restore',
    ],
    async run({ session, show }, { afterRestore = false }, name) {
      const { platform } = session
      const id = await findLaneId(platform, name)
      const asked = await platform.post<WireLane>(`${PATH}/${id}/${afterRestore ? 'recover' : 'resume'}`)
      if (asked.status === 'active') return show(asked, `Lane ${id} signs.`)
      const lane = await untilActive(platform, id)
      show(lane, fields({ lane: lane.id, status: statusText(lane), 'next nonce': String(lane.next_nonce) }))
      if (lane.status === 'active') return
      throw new CommandFailed(
        `The lane is still being matched after ${RECOVERY_MS / 1_000} s: a worker goes on with it as blocks become final. "ost lanes" shows when it signs.`,
      )
    },
  })
}

async function readLanes(platform: V3Client): Promise<WireLane[]> {
  return (await platform.get<WirePage<WireLane>>(PATH)).data
}

/** The lanes once each was looked at since `since`, or as they are when patience ends. */
async function readLooked(platform: V3Client, since: string): Promise<WireLane[]> {
  const deadline = performance.now() + LOOK_MS
  for (;;) {
    const lanes = await readLanes(platform)
    const isDone = lanes.every((lane) => lane.chain_status === 'halted' || isLookedAt(lane, since))
    if (isDone || performance.now() > deadline) return lanes
    await sleep(POLL_MS)
  }
}

function isLookedAt({ checked_at }: WireLane, since: string): boolean {
  return checked_at !== null && Date.parse(checked_at) >= Date.parse(since)
}

async function untilActive(platform: V3Client, id: string): Promise<WireLane> {
  const deadline = performance.now() + RECOVERY_MS
  for (;;) {
    const lane = (await readLanes(platform)).find((one) => one.id === id)
    if (!lane) throw new CommandFailed(`Lane ${id} is no longer there.`)
    if (lane.status === 'active' || performance.now() > deadline) return lane
    await sleep(POLL_MS)
  }
}

async function findLaneId(platform: V3Client, name: string): Promise<string> {
  const id = toWireId('lan', name)
  if (/^lan_[0-9a-z]{26}$/.test(id)) return id
  const found = (await readLanes(platform)).filter(({ address }) => address === name.toLowerCase())
  const [lane] = found
  if (lane && found.length === 1) return lane.id
  throw new UsageError(`"${name}" names no single lane: write an id (lan_…) as "ost lanes" shows it.`)
}

const COLUMNS = [
  { title: 'lane', show: (lane: WireLane) => lane.id },
  { title: 'chain', show: (lane: WireLane) => String(lane.chain_id) },
  { title: 'address', show: (lane: WireLane) => lane.address },
  { title: 'status', show: (lane: WireLane) => statusText(lane) },
  {
    title: 'balance',
    show: (lane: WireLane) => amount(lane.balance_wei, ETHER_DECIMALS, 4),
    align: 'right' as const,
  },
  {
    title: 'queued',
    show: (lane: WireLane) => String(lane.queued_transactions + lane.queued_calls),
    align: 'right' as const,
  },
  { title: 'in flight', show: (lane: WireLane) => String(lane.in_flight), align: 'right' as const },
  { title: 'oldest', show: (lane: WireLane) => ageOf(lane.oldest_in_flight_at), align: 'right' as const },
  { title: 'next nonce', show: (lane: WireLane) => String(lane.next_nonce ?? ''), align: 'right' as const },
  { title: 'chain nonce', show: (lane: WireLane) => String(lane.chain_nonce ?? ''), align: 'right' as const },
  { title: 'gaps', show: (lane: WireLane) => String(lane.missing_nonces.length), align: 'right' as const },
  { title: 'gwei now', show: (lane: WireLane) => feeText(lane), align: 'right' as const },
  { title: 'seen', show: (lane: WireLane) => ageOf(lane.checked_at), align: 'right' as const },
]

function statusText(lane: WireLane): string {
  if (lane.chain_status === 'halted') return 'chain halted'
  if (lane.status === 'active') return 'active'
  const matching = lane.recovery_requested_at === null ? '' : ', being matched'
  return `paused: ${lane.pause_reason ?? 'unknown'}${matching}`
}

/** Base fee and tip. */
function feeText({ base_fee_per_gas, priority_fee_per_gas }: WireLane): string {
  if (base_fee_per_gas === null) return ''
  return amount(String(BigInt(base_fee_per_gas) + BigInt(priority_fee_per_gas ?? 0)), GWEI_DECIMALS, 3)
}

/** Cut after so many decimals: for the eye. */
function amount(wei: string | null, decimals: number, shown: number): string {
  if (wei === null) return ''
  const [whole = '', fraction = ''] = formatUnits(BigInt(wei), decimals).split('.')
  return fraction === '' ? whole : `${whole}.${fraction.slice(0, shown)}`
}
