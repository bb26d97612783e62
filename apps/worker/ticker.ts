/** Something done again and again by a plain timer, which needs nothing but this process. */
export interface Ticker {
  /** Resolves when the turn under way has ended; no further one begins. */
  stop(): Promise<void>
}

/**
 * Does `turn` every `intervalMs`, one turn at a time: a slow turn delays the next one instead of meeting it. A failed turn is
 * reported and is no reason to stop.
 */
export function startTicker(options: {
  intervalMs: number
  turn: () => Promise<void>
  onError: (error: unknown) => void
}): Ticker {
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> = Promise.resolve()
  let isStopped = false

  function plan(delayMs: number): void {
    timer = setTimeout(() => {
      const startedAt = performance.now()
      current = options
        .turn()
        .catch(options.onError)
        .then(() => {
          if (!isStopped) plan(Math.max(0, options.intervalMs - (performance.now() - startedAt)))
        })
    }, delayMs)
  }

  plan(0)
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await current
    },
  }
}
