import { randomBytes } from 'node:crypto'
import type { TracingConfig } from '#config'
import { isSampled, type SpanRef } from './trace-ids.ts'

/** Links of one span: a group commit may have a thousand requests, and no reader follows so many. */
export const LINKS_MAX = 128

/** Something that is over. Spans are recorded when they end, so nothing has to be kept open across processes. */
export interface FinishedSpan {
  name: string
  /** `server` for a request that came in, `client` for a call that went out. */
  kind?: 'server' | 'client'
  /** Absent: the root of a trace of its own. */
  at?: SpanRef & { parentSpanId?: string }
  /** Milliseconds since 1970. */
  startedAt: number
  endedAt: number
  attributes?: Readonly<Record<string, string | number | boolean | undefined>>
  links?: readonly SpanRef[]
  /** What went wrong, if anything did. */
  failure?: string
}

/** Records spans; never throws and never waits. */
export interface Tracing {
  /** Whether a trace is recorded at all, to save the work of describing its spans. */
  isRecorded(traceId: string): boolean
  record(span: FinishedSpan): void
  /** Sends what is left, within a bounded time. */
  close(): Promise<void>
}

/** Milliseconds that sending may take, also at the end of the process. */
const EXPORT_TIMEOUT_MS = 3_000
const EXPORT_INTERVAL_MS = 1_000
/** Spans that wait to be sent at most; more are dropped. */
const WAITING_SPANS_MAX = 8_192
const SPANS_PER_EXPORT = 512

/** Milliseconds since 1970 on a clock that never jumps. */
export function traceNow(): number {
  return performance.timeOrigin + performance.now()
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex')
}

/** Starts to export spans over OTLP/HTTP. The packages are loaded here and nowhere else: who does not trace pays nothing. */
export async function startTracing(config: TracingConfig, serviceName: string): Promise<Tracing> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  /** The ids of the span that is about to start; starting one is synchronous. */
  let next: SpanRef = { traceId: newTraceId(), spanId: newSpanId() }
  const exporter = new OTLPTraceExporter({
    url: `${config.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...config.headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': config.serviceName ?? serviceName }),
    sampler: new sdk.AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter,
        maxQueueSize: WAITING_SPANS_MAX,
        maxExportBatchSize: SPANS_PER_EXPORT,
        scheduledDelayMillis: EXPORT_INTERVAL_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('ost-kit')
  const kinds = { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT }
  const refOf = (ref: SpanRef) => ({ ...ref, traceFlags: api.TraceFlags.SAMPLED })

  function write(span: FinishedSpan): void {
    const { at = { traceId: newTraceId(), spanId: newSpanId() }, startedAt, endedAt, failure } = span
    const { parentSpanId } = at
    next = at
    const parent = parentSpanId
      ? api.trace.setSpanContext(api.ROOT_CONTEXT, {
          ...refOf({ traceId: at.traceId, spanId: parentSpanId }),
          isRemote: true,
        })
      : api.ROOT_CONTEXT
    const started = tracer.startSpan(
      span.name,
      {
        startTime: startedAt,
        root: parentSpanId === undefined,
        kind: span.kind ? kinds[span.kind] : api.SpanKind.INTERNAL,
        attributes: { ...span.attributes },
        links: (span.links ?? []).slice(0, LINKS_MAX).map((link) => ({ context: refOf(link) })),
      },
      parent,
    )
    if (failure !== undefined) started.setStatus({ code: api.SpanStatusCode.ERROR, message: failure })
    started.end(Math.max(startedAt, endedAt))
  }

  return {
    isRecorded: (traceId) => isSampled(traceId, config.share),
    record(span) {
      try {
        write(span)
      } catch {
        // A span that cannot be written is no reason for anything to fail.
      }
    },
    async close() {
      await provider.shutdown().catch(() => {})
    },
  }
}
