/** A place in a trace, as the W3C names it: lower-case hex, 16 and 8 bytes. */
export interface SpanRef {
  traceId: string
  spanId: string
}

/**
 * The root of the trace of a thing that has an id: its UUID's 16 bytes are the trace's id, and their last 8 the root span's.
 * So every process that knows a transaction's id can add to its trace, and nothing has to be stored or handed on.
 * @see docs/adr/0011-traces.md
 */
export function rootOf(uuid: string): SpanRef {
  const traceId = uuid.replaceAll('-', '')
  return { traceId, spanId: spanIdOf(uuid) }
}

/** A span's id from a UUID: the same event told twice is the same span. */
export function spanIdOf(uuid: string): string {
  return uuid.replaceAll('-', '').slice(16)
}

/** Whether a trace is among the share that is recorded: the same answer in every process. */
export function isSampled(traceId: string, share: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) / 0x1_0000_0000 < share
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
const SAMPLED_FLAG = 1

/** What a caller says of its own trace; null where it says nothing valid. @see https://www.w3.org/TR/trace-context/ */
export function parseTraceparent(header: unknown): (SpanRef & { isSampled: boolean }) | null {
  if (typeof header !== 'string') return null
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header) ?? []
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED_FLAG) === SAMPLED_FLAG }
}
