import type { EnvironmentReader } from './environment-reader.ts'

/** Where spans go. The variables have the names that OpenTelemetry gives them. */
export type TracingConfig = {
  /** The collector's base URL; `/v1/traces` is added. */
  endpoint: string
  /** Sent with every export: may hold a secret. */
  headers: Readonly<Record<string, string>>
  serviceName?: string
  /** The part of all traces that is recorded, from 0 to 1. */
  share: number
}

/** Null where no collector is named: then nothing of tracing is loaded. */
export function readTracing(read: EnvironmentReader): TracingConfig | null {
  const endpoint = read.optionalUrl('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:'])
  const headers = readHeaders(read, 'OTEL_EXPORTER_OTLP_HEADERS')
  const share = Number(read.text('OTEL_TRACES_SAMPLER_ARG', '1'))
  if (!(share >= 0 && share <= 1)) {
    read.problems.push('OTEL_TRACES_SAMPLER_ARG must be the part of traces to record, from 0 to 1.')
  }
  const serviceName = read.text('OTEL_SERVICE_NAME', '')
  if (endpoint === undefined) return null
  return { endpoint, headers, share, ...(serviceName !== '' && { serviceName }) }
}

function readHeaders(read: EnvironmentReader, name: string): Record<string, string> {
  const pairs = read
    .text(name, '')
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair))
  if (pairs.some((pair) => pair === null)) {
    read.problems.push(`${name} must be name=value pairs with commas between them.`)
  }
  return Object.fromEntries(pairs.flatMap((pair) => (pair?.[1] ? [[pair[1], decode(pair[2] ?? '')]] : [])))
}

/** Values are percent-encoded, as in W3C baggage. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
