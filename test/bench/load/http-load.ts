import { type HttpAnswer, HttpConnection } from './http-connection.ts'

/** What a load came to. */
export interface LoadResult {
  requests: number
  /** First request to last answer. */
  seconds: number
  perSecond: number
  /** Answers that asked to come again; the time they cost is in the figures. */
  retries: number
  /** Milliseconds per request, sorted. */
  latencies: Float64Array
  /** Of this process while the load ran: were it near `seconds`, the client would be what is measured. */
  clientCpuSeconds: number
}

export const CONNECTIONS = 64
/** Too many requests, and overloaded. */
const LATER = new Set([429, 503])
const RETRY_AFTER_MS = 50
const RETRIES_MAX = 10_000

interface LoadOptions {
  url: string
  requests: readonly Buffer[]
  /** What every answer's status must be. */
  status: number
  connections?: number
  onAnswer?: (answer: HttpAnswer) => void
}

/** Sends all requests over keep-alive connections as fast as they are answered. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { requests, connections = CONNECTIONS } = options
  return withConnections(options.url, connections, async (pool) => {
    let next = 0
    const meter = createMeter(options)
    await Promise.all(
      pool.map(
        (connection) =>
          new Promise<void>((resolve, reject) => {
            const send = (): void => {
              const request = requests[next]
              if (request === undefined) return resolve()
              next += 1
              const sentAt = performance.now()
              const answered = (answer: HttpAnswer): void => {
                if (meter.isLater(answer)) {
                  setTimeout(() => connection.send(request, answered, reject), RETRY_AFTER_MS)
                  return
                }
                const problem = meter.note(answer, sentAt)
                if (problem) return reject(problem)
                send()
              }
              connection.send(request, answered, reject)
            }
            send()
          }),
      ),
    )
    return meter.result()
  })
}

/**
 * Sends the requests at a fixed rate whatever the answers do. A request's time counts from the moment it was due, so that a
 * stall of the server shows in every request it held up.
 */
export async function runPacedLoad(options: LoadOptions & { perSecond: number }): Promise<LoadResult> {
  const { requests, perSecond, connections = CONNECTIONS } = options
  return withConnections(options.url, connections, async (pool) => {
    const meter = createMeter(options)
    const free = [...pool]
    const late: number[] = []
    await new Promise<void>((resolve, reject) => {
      const startedAt = performance.now()
      let next = 0
      let answers = 0
      const end = (error?: Error): void => {
        clearInterval(timer)
        if (error) reject(error)
        else resolve()
      }
      const dispatch = (): void => {
        while (late.length > 0) {
          // In turn, so that none is idle for longer than the server bears.
          const connection = free.shift()
          if (connection === undefined) return
          const index = late.shift() ?? 0
          const dueAt = startedAt + (index * 1_000) / perSecond
          const request = requests[index] ?? Buffer.alloc(0)
          const answered = (answer: HttpAnswer): void => {
            if (meter.isLater(answer)) {
              setTimeout(() => connection.send(request, answered, end), RETRY_AFTER_MS)
              return
            }
            const problem = meter.note(answer, dueAt)
            answers += 1
            free.push(connection)
            if (problem) end(problem)
            else if (answers === requests.length) end()
            else dispatch()
          }
          connection.send(request, answered, end)
        }
      }
      const timer = setInterval(() => {
        const due = Math.min(
          requests.length,
          Math.floor(((performance.now() - startedAt) * perSecond) / 1_000),
        )
        while (next < due) late.push(next++)
        dispatch()
      }, 1)
    })
    return meter.result()
  })
}

/** The value below which a share of the sorted values lies. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

async function withConnections<Result>(
  url: string,
  count: number,
  use: (pool: HttpConnection[]) => Promise<Result>,
): Promise<Result> {
  const pool = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(url)))
  try {
    return await use(pool)
  } finally {
    for (const connection of pool) connection.close()
  }
}

function createMeter({ requests, status, onAnswer }: LoadOptions) {
  const latencies = new Float64Array(requests.length)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  let count = 0
  let retries = 0
  let endedAt = startedAt
  return {
    /** Whether the server asked to come again, as clients then do, under the same Idempotency-Key. */
    isLater(answer: HttpAnswer): boolean {
      if (!LATER.has(answer.status)) return false
      retries += 1
      if (retries > RETRIES_MAX) return false
      return true
    },
    /** @returns what is wrong with the answer, if anything is. */
    note(answer: HttpAnswer, from: number): Error | null {
      endedAt = performance.now()
      latencies[count] = endedAt - from
      count += 1
      if (answer.status !== status) {
        return new Error(`answered ${answer.status} instead of ${status}: ${answer.body.toString('utf8')}`)
      }
      onAnswer?.(answer)
      return null
    },
    result(): LoadResult {
      const seconds = (endedAt - startedAt) / 1_000
      const { user, system } = process.cpuUsage(cpu)
      return {
        requests: count,
        seconds,
        perSecond: count / seconds,
        latencies: latencies.subarray(0, count).toSorted(),
        retries,
        clientCpuSeconds: (user + system) / 1_000_000,
      }
    },
  }
}
