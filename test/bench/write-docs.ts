import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '#scripts/stack/settings.ts'
import { type Details, readDetails } from './details.ts'
import type { CpuSeconds } from './meters.ts'
import { figure, median, REPORT_FILE, type Row, tableOf } from './report.ts'

const FILE = join(ROOT, 'docs/performance.md')
const PROCESSES = ['api', 'worker', 'postgres', 'redis', 'chain'] as const
const RATE = 10_000
const USERS = 100_000_000
const SECONDS_PER_DAY = 86_400
const GIB = 1024 ** 3

/** Puts what the last runs measured between the marks of docs/performance.md, so that no figure there is typed by hand. */
export async function writeDocs(): Promise<string[]> {
  // Written by the benchmark itself.
  const rows = JSON.parse(await readFile(REPORT_FILE, 'utf8')) as Row[]
  const details = await readDetails()
  let text = await readFile(FILE, 'utf8')
  const written: string[] = []
  for (const [mark, body] of Object.entries(partsOf(rows, details))) {
    if (body === undefined) continue
    const [begin, end] = [`<!-- bench:${mark} -->`, `<!-- /bench:${mark} -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from === -1 || to === -1) throw new Error(`docs/performance.md has no place for ${mark}`)
    text = `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`
    written.push(mark)
  }
  await writeFile(FILE, text)
  return written
}

function partsOf(rows: readonly Row[], details: Details): Record<string, string | undefined> {
  return {
    table: `${details.machine === undefined ? '' : `${details.machine}\n\n`}${tableOf(rows)}`,
    stages: stagesText(details),
    costs: costsText(details),
    scale: scaleText(details),
    estimate: estimateText(rows, details),
  }
}

const STAGE_WORDS: Readonly<Record<string, string>> = {
  http: 'HTTP: read, authenticate, limit, validate; wait for the batch under way; answer',
  accept: 'accept: the batch in its database transaction, with the flush to disk',
  wake: 'wake: from the commit to a worker at the lane',
  sign: 'claim and sign: lock the lane, claim, plan, sign, store the signed bytes, commit',
  broadcast: "broadcast: send the bytes, record the node's answer",
  mine: 'mine: wait for the block and for the next look at the chain, read its logs',
  settle: 'settle: entries, balances, holds and states of the block in one database transaction',
  confirm: 'confirm: wait until the block is final by depth',
}

function stagesText({ stagesAlone, stagesLoaded }: Details): string | undefined {
  if (!stagesAlone || !stagesLoaded) return undefined
  const microseconds = (ms: number | undefined) => figure((ms ?? Number.NaN) * 1_000)
  const lines = Object.entries(STAGE_WORDS).map(([stage, words]) => {
    const busy = stagesLoaded.busyMicroseconds[stage]
    return `| ${words} | ${microseconds(stagesAlone.medianMs[stage])} | ${microseconds(stagesLoaded.medianMs[stage])} | ${busy === undefined ? '' : figure(busy)} |`
  })
  return [
    `| stage | alone, µs | among ${stagesLoaded.perSecond} per second, µs | work shared by the batch, µs per transfer |`,
    '| --- | ---: | ---: | ---: |',
    ...lines,
  ].join('\n')
}

function costsText({ settle }: Details): string | undefined {
  if (!settle) return undefined
  const line = (name: string, of: 'single' | 'batch') => {
    const costs = costsPerTransfer(settle, of)
    const sum = PROCESSES.reduce((total, process) => total + costs.cpu[process], 0)
    return `| ${name} | ${PROCESSES.map((process) => figure(costs.cpu[process])).join(' | ')} | ${figure(sum)} | ${figure(costs.walBytes)} | ${figure(costs.databaseBytes)} |`
  }
  const loopCpu = median(
    settle.rounds.map(
      ({ loopCost }) =>
        ((loopCost.cpuSeconds.chain + loopCost.cpuSeconds.client) * 1e6) / settle.loopTransfers,
    ),
  )
  return [
    `| per transfer | ${PROCESSES.map((process) => `${process}, µs`).join(' | ')} | sum, µs | WAL, bytes | database, bytes |`,
    `| --- |${' ---: |'.repeat(PROCESSES.length + 3)}`,
    line('one per request', 'single'),
    line('100 per request', 'batch'),
    '',
    `The loop with ethers costs ${figure(loopCpu)} µs of processor time per transfer: its own signing, and the node's work for a transaction each.`,
  ].join('\n')
}

function scaleText({ scale }: Details): string | undefined {
  if (!scale) return undefined
  const line = (name: string, { one, two }: (typeof scale)['api']) =>
    `| ${name} | ${[one.perSecond, two.perSecond, two.perSecond / one.perSecond, one.microseconds, two.microseconds].map(figure).join(' | ')} |`
  return [
    '| | one process, per second | two, per second | ratio | processor time of the one per transfer, µs | of the two, µs |',
    `| --- |${' ---: |'.repeat(5)}`,
    line('api: single requests accepted', scale.api),
    line('worker: 20,000 queued transfers settled, its start included', scale.worker),
  ].join('\n')
}

function estimateText(rows: readonly Row[], { settle, sizes }: Details): string | undefined {
  if (!settle) return undefined
  const single = costsPerTransfer(settle, 'single')
  const batch = costsPerTransfer(settle, 'batch')
  const gas = rows.find(({ name }) => name === 'gas')?.ours
  const cores = (microseconds: number) => figure((microseconds * RATE) / 1e6)
  const lines = [
    `| at ${RATE.toLocaleString('en-GB')} transfers per second | one per request | 100 per request |`,
    '| --- | ---: | ---: |',
    ...PROCESSES.map(
      (process) => `| cores of ${process} | ${cores(single.cpu[process])} | ${cores(batch.cpu[process])} |`,
    ),
    `| WAL, MB per second | ${figure((single.walBytes * RATE) / 1e6)} | ${figure((batch.walBytes * RATE) / 1e6)} |`,
    `| growth of the databases, GiB per day, before outbox and idempotency records are pruned | ${figure((single.databaseBytes * RATE * SECONDS_PER_DAY) / GIB)} | ${figure((batch.databaseBytes * RATE * SECONDS_PER_DAY) / GIB)} |`,
  ]
  if (gas !== undefined) {
    const perSecond = figure((gas * RATE) / 1e6)
    lines.push(`| gas of the chains, million per second | ${perSecond} | ${perSecond} |`)
  }
  if (sizes) {
    const kept = figure((sizes.bytesPerTransaction * RATE * SECONDS_PER_DAY) / GIB)
    lines.push(`| of that for good, GiB per day | ${kept} | ${kept} |`)
    const users = figure((sizes.bytesPerUser * USERS) / GIB)
    lines.push(`| ${USERS.toLocaleString('en-GB')} users at rest, GiB | ${users} | ${users} |`)
  }
  return lines.join('\n')
}

function costsPerTransfer(settle: NonNullable<Details['settle']>, of: 'single' | 'batch') {
  const per = (
    value: (cost: { cpuSeconds: CpuSeconds; walBytes: number; databaseBytes: number }) => number,
  ) => median(settle.rounds.map((round) => value(round[of].cost))) / settle.transfers
  const cpu = (process: keyof CpuSeconds) => per((cost) => cost.cpuSeconds[process]) * 1e6
  return {
    cpu: {
      api: cpu('api'),
      worker: cpu('worker'),
      postgres: cpu('postgres'),
      redis: cpu('redis'),
      chain: cpu('chain'),
    },
    walBytes: per((cost) => cost.walBytes),
    databaseBytes: per((cost) => cost.databaseBytes),
  }
}
