import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as OTLP/HTTP carries it, as far as stages are read from it. */
export interface Span {
  traceId: string
  spanId: string
  name: string
  /** Milliseconds since 1970. */
  startedAt: number
  endedAt: number
  attributes: Record<string, string | number>
  /** Spans that it is linked with. */
  links: string[]
}

/** An OpenTelemetry collector that keeps what it gets: the platform's own traces are the instrument. */
export interface SpanCollector {
  endpoint: string
  spans: Span[]
  close(): void
}

interface WireSpan {
  traceId: string
  spanId: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: {
    key: string
    value: { stringValue?: string; intValue?: number | string; doubleValue?: number }
  }[]
  links?: { spanId: string }[]
}

interface Export {
  resourceSpans: { scopeSpans: { spans: WireSpan[] }[] }[]
}

const NANOSECONDS_PER_MS = 1e6

export async function startSpanCollector(): Promise<SpanCollector> {
  const spans: Span[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      // The exporter's format, OTLP in JSON.
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString('utf8')) as Export
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans.map(toSpan))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // It listens on TCP, so its address is one.
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, spans, close: () => void server.close() }
}

function toSpan(span: WireSpan): Span {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    name: span.name,
    startedAt: Number(span.startTimeUnixNano) / NANOSECONDS_PER_MS,
    endedAt: Number(span.endTimeUnixNano) / NANOSECONDS_PER_MS,
    attributes: Object.fromEntries(
      span.attributes.map(({ key, value }) => [
        key,
        value.stringValue ?? Number(value.intValue ?? value.doubleValue ?? 0),
      ]),
    ),
    links: (span.links ?? []).map((link) => link.spanId),
  }
}
