/** Each bucket is this much wider than the one before: percentiles are exact to one per cent. */
const GROWTH = 1.01
const MS_MIN = 0.1

/** Collects durations in buckets, so that memory does not grow with their number. */
export class Latencies {
  readonly #buckets: number[] = []
  #count = 0
  #maxMs = 0

  /** Less than nothing counts as nothing: the two moments may be of different clocks. */
  add(duration: number): void {
    const ms = Math.max(0, duration)
    const bucket = Math.max(0, Math.ceil(Math.log(ms / MS_MIN) / Math.log(GROWTH)))
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#count += 1
    this.#maxMs = Math.max(this.#maxMs, ms)
  }

  get count(): number {
    return this.#count
  }

  /** Milliseconds that the given share (0 … 1) of the durations does not exceed; 0 when there are none. */
  percentile(share: number): number {
    let left = Math.ceil(this.#count * share)
    if (left === 0) return 0
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count ?? 0
      if (left <= 0) return bucket === 0 ? 0 : Math.min(MS_MIN * GROWTH ** bucket, this.#maxMs)
    }
    return this.#maxMs
  }

  summary(): LatencySummary {
    const round = (ms: number) => Math.round(ms * 10) / 10
    return {
      count: this.#count,
      p50_ms: round(this.percentile(0.5)),
      p95_ms: round(this.percentile(0.95)),
      p99_ms: round(this.percentile(0.99)),
      max_ms: round(this.#maxMs),
    }
  }
}

export interface LatencySummary {
  count: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
  max_ms: number
}
