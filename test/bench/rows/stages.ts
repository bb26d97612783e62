import { setTimeout as sleep } from 'node:timers/promises'
import { percentile, runLoad, runPacedLoad } from '../load/http-load.ts'
import { type Span, type SpanCollector, startSpanCollector } from '../load/span-collector.ts'
import { createPlatform, type Platform } from '../platform.ts'
import { createPopulation, type Population } from '../population.ts'
import { median } from '../report.ts'
import { payments, singleRequests } from '../requests.ts'
import type { BenchRun, Section } from '../run.ts'
import { waitUntilQuiet } from '../settled.ts'

const USERS = 1_000
const LONE_TRANSFERS = 10
const LOADED_PER_SECOND = 500
const LOADED_SECONDS = 10
/** Spans are sent every second. */
const EXPORT_MS = 2_500

/** The stages of a transfer, in order. */
const STAGES = ['http', 'accept', 'wake', 'sign', 'broadcast', 'mine', 'settle', 'confirm'] as const
type Stage = (typeof STAGES)[number]

/** Where the time of a transfer goes, read from the platform's own traces: alone, and among 500 others per second. */
export const stages: Section = {
  rows: ['stages'],
  isExtra: true,

  async run(run) {
    const collector = await startSpanCollector()
    try {
      const { platform, population } = await startTraced(run, collector)
      await run.progress.step('stages of transfers that come one by one', async () => {
        await sendOneByOne(platform, population)
        run.details.stagesAlone = { medianMs: await mediansOf(collector) }
      })
      await run.progress.step(`stages at ${LOADED_PER_SECOND} transfers/s`, async () => {
        collector.spans.length = 0
        const requests = singleRequests(population, payments(LOADED_PER_SECOND * LOADED_SECONDS, USERS, 141))
        const { latencies } = await runPacedLoad({
          url: platform.api.url,
          requests,
          status: 202,
          perSecond: LOADED_PER_SECOND,
        })
        await waitUntilQuiet(platform, [population.economyId])
        run.details.stagesLoaded = {
          perSecond: LOADED_PER_SECOND,
          answerMs: percentile(latencies, 0.5),
          medianMs: await mediansOf(collector),
          busyMicroseconds: busyOf(collector.spans),
        }
      })
      return []
    } finally {
      collector.close()
    }
  },
}

async function startTraced(run: BenchRun, collector: SpanCollector) {
  return run.progress.step('platform with traces', async () => {
    const platform = await createPlatform(run.bed, {
      name: 'traced',
      chain: await run.bed.startChain('traced-chain'),
      lanes: 1,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
    })
    run.adopt(platform)
    await Promise.all([platform.api.start(), platform.worker.start()])
    const population = await createPopulation(platform, { users: USERS })
    await waitUntilQuiet(platform, [population.economyId])
    await sleep(EXPORT_MS)
    collector.spans.length = 0
    return { platform, population }
  })
}

async function sendOneByOne(platform: Platform, population: Population): Promise<void> {
  for (let turn = 0; turn < LONE_TRANSFERS; turn += 1) {
    const requests = singleRequests(population, payments(1, USERS, 150 + turn))
    await runLoad({ url: platform.api.url, requests, status: 202, connections: 1 })
    // Not in step with the blocks.
    await sleep(1_300)
  }
  await waitUntilQuiet(platform, [population.economyId])
}

/** Milliseconds of each stage, median over the transfers whose traces are complete. */
async function mediansOf({ spans }: SpanCollector): Promise<Record<Stage | 'transfers', number>> {
  await sleep(EXPORT_MS)
  const commits = new Map(
    spans.filter(({ name }) => name === 'accept.batch').map((span) => [span.spanId, span]),
  )
  const traces = [...Map.groupBy(spans, ({ traceId }) => traceId).values()]
  const transfers = traces.flatMap((trace) => stagesOf(trace, commits) ?? [])
  const medians = STAGES.map((stage) => [stage, median(transfers.map((transfer) => transfer[stage]))])
  // One key per stage, and the number they are the medians of.
  return { ...Object.fromEntries(medians), transfers: transfers.length } as Record<
    Stage | 'transfers',
    number
  >
}

function stagesOf(
  trace: readonly Span[],
  commits: ReadonlyMap<string, Span>,
): Record<Stage, number> | undefined {
  const named = (name: string) => trace.find((span) => span.name === name)
  const [accepted, submitted, sent] = [
    'transaction.accept',
    'transaction.submit',
    'transaction.broadcast',
  ].map(named)
  const [settled, confirmed] = ['transaction.settle', 'transaction.confirmed'].map(named)
  const commit = accepted?.links.map((link) => commits.get(link)).find((span) => span !== undefined)
  if (!accepted || !commit || !submitted || !sent || !settled || !confirmed) return undefined
  return {
    http: lengthOf(accepted) - lengthOf(commit),
    accept: lengthOf(commit),
    wake: submitted.startedAt - commit.endedAt,
    sign: lengthOf(submitted),
    broadcast: sent.endedAt - submitted.endedAt,
    mine: settled.startedAt - sent.endedAt,
    settle: lengthOf(settled),
    confirm: confirmed.startedAt - settled.endedAt,
  }
}

/** Microseconds per transfer that the shared work of each stage took: a batch's time divided by its transfers. */
function busyOf(spans: readonly Span[]): Record<string, number> {
  const share = (name: string, items: string) => {
    const found = spans.filter((span) => span.name === name)
    const time = found.reduce((sum, span) => sum + lengthOf(span), 0)
    const count = found.reduce((sum, span) => sum + Number(span.attributes[items] ?? 0), 0)
    return (time * 1_000) / count
  }
  return {
    accept: share('accept.batch', 'ost.requests'),
    sign: share('submission.sign', 'ost.transactions'),
    settle: share('ledger.settle', 'ost.transactions'),
    confirm: share('ledger.confirm', 'ost.confirmed'),
  }
}

function lengthOf({ startedAt, endedAt }: Span): number {
  return endedAt - startedAt
}
