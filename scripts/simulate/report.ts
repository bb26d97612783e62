import type { RetryReason } from '#apps/cli/call.ts'
import type { Ending } from './check.ts'
import type { Differences } from './differences.ts'
import type { Firing } from './fire.ts'
import type { LatencySummary } from './latencies.ts'
import type { SimulateOptions } from './options.ts'
import { duration, formatCount } from './progress-bar.ts'

/** A run in numbers; what `.local/simulate.json` holds. */
export interface Report {
  passed: boolean
  /** Digest of everything that was planned: the same for the same seed and size. */
  plan: string
  size: { seed: string; economies: number; users: number; transfers: number; concurrency: number }
  accepted: number
  refused: number
  refused_by: Record<string, number>
  confirmed: number
  failed: number
  requests: number
  batches: number
  /** Requests repeated on purpose, under the same key. */
  repeats: number
  /** Requests repeated because of an answer, or of none. */
  retries: Record<string, number>
  accepting_seconds: number
  transfers_per_second: { answered: number; accepted: number; confirmed: number }
  latency: {
    single: LatencySummary
    batch: LatencySummary
    until_mined: LatencySummary
    until_confirmed: LatencySummary
  }
  chain: { block: number; transfers: number; batches: number; gas_used: string; gas_per_transfer: number }
  accounts_compared: number
  differences: { kind: string; count: number; examples: readonly string[] }[]
}

export interface RunResults {
  plan: string
  firing: Firing
  ending: Ending
  retries: ReadonlyMap<RetryReason, number>
  differences: Differences
}

export function makeReport(options: SimulateOptions, results: RunResults): Report {
  const { plan, firing, ending, retries, differences } = results
  const { seed, economies, users, transfers, concurrency } = options
  const seconds = firing.elapsedMs / 1_000
  const settlingSeconds = Math.max(0, ending.lastEndedAt - ending.firstCreatedAt) / 1_000
  return {
    passed: differences.count === 0,
    plan,
    size: { seed, economies, users, transfers, concurrency },
    accepted: firing.accepted,
    refused: firing.transfers - firing.accepted,
    refused_by: sorted(firing.refusedBy),
    confirmed: ending.confirmed,
    failed: ending.failed,
    requests: firing.requests,
    batches: firing.batches,
    repeats: firing.repeats,
    retries: sorted(retries),
    accepting_seconds: rounded(seconds),
    transfers_per_second: {
      answered: perSecond(firing.transfers, seconds),
      accepted: perSecond(firing.accepted, seconds),
      confirmed: perSecond(ending.confirmed, settlingSeconds),
    },
    latency: {
      single: firing.singleLatencies.summary(),
      batch: firing.batchLatencies.summary(),
      until_mined: ending.toMined.summary(),
      until_confirmed: ending.toConfirmed.summary(),
    },
    chain: {
      block: ending.block,
      transfers: ending.transfersOnChain,
      batches: ending.batchesOnChain,
      gas_used: ending.gasUsed.toString(),
      gas_per_transfer: perTransfer(ending),
    },
    accounts_compared: ending.accounts,
    differences: differences.list(),
  }
}

/** The report for people. */
export function reportText(report: Report): string {
  const { latency, chain, transfers_per_second: rate } = report
  const lines: [string, string][] = [
    ['plan', `seed ${report.size.seed}, digest ${report.plan}`],
    ['accepted', formatCount(report.accepted)],
    ['refused', `${formatCount(report.refused)}${listed(report.refused_by)}`],
    ['confirmed', formatCount(report.confirmed)],
    ['failed on chain', formatCount(report.failed)],
    [
      'requests',
      `${formatCount(report.requests)}, ${formatCount(report.batches)} of them batches; ${formatCount(report.repeats)} repeated on purpose under their key`,
    ],
    ['retries', listed(report.retries).slice(2) || 'none'],
    [
      'rate',
      `${rate.answered} transfers/s answered, ${rate.accepted} accepted, ${rate.confirmed} confirmed (${duration(report.accepting_seconds * 1_000)} of sending)`,
    ],
    ['answer, single', latencyText(latency.single)],
    ['answer, batch', latencyText(latency.batch)],
    ['until mined', latencyText(latency.until_mined)],
    ['until confirmed', latencyText(latency.until_confirmed)],
    [
      'chain',
      `${formatCount(chain.transfers)} transfers in ${formatCount(chain.batches)} chain transactions, ${formatCount(chain.gas_per_transfer)} gas each`,
    ],
    [
      'compared',
      `${formatCount(report.accounts_compared)} accounts with the chain at block ${formatCount(chain.block)}`,
    ],
  ]
  const width = Math.max(...lines.map(([name]) => name.length))
  const table = lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')
  return `\n${table}\n\n${verdict(report)}\n`
}

function verdict({ passed, differences, accepted }: Report): string {
  if (passed) {
    return `✓ Every balance is the chain's, each of the ${formatCount(accepted)} accepted transfers ended once, and nothing refused moved.`
  }
  const blocks = differences.map(({ kind, count, examples }) => {
    const more = count > examples.length ? [`    … and ${formatCount(count - examples.length)} more`] : []
    return [`  ${kind}: ${formatCount(count)}`, ...examples.map((example) => `    ${example}`), ...more].join(
      '\n',
    )
  })
  return ['✗ Not everything is as it should be:', ...blocks].join('\n')
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count], index) => `${index === 0 ? ': ' : ', '}${name} ${formatCount(count)}`)
    .join('')
}

function latencyText({ count, p50_ms, p95_ms, p99_ms, max_ms }: LatencySummary): string {
  if (count === 0) return 'none'
  return `p50 ${duration(p50_ms, 'ms')}, p95 ${duration(p95_ms, 'ms')}, p99 ${duration(p99_ms, 'ms')}, at most ${duration(max_ms, 'ms')}`
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a))
}

function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round(count / seconds) : 0
}

function perTransfer({ gasUsed, transfersOnChain }: Ending): number {
  return transfersOnChain === 0 ? 0 : Number(gasUsed / BigInt(transfersOnChain))
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100
}
