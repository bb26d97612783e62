import type { FastifyBaseLogger, FastifyLogFn } from 'fastify'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
type Level = (typeof LEVELS)[number]

/**
 * A logger that is made when somebody writes with it. Nearly every request says all it has to say in its one line (log.ts), and pino
 * renders what a child logger is bound to, and looks for secrets in it, as soon as there is one.
 */
class LateLogger {
  readonly #make: () => FastifyBaseLogger
  #made: FastifyBaseLogger | undefined

  constructor(make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get logger(): FastifyBaseLogger {
    return (this.#made ??= this.#make())
  }

  get level(): string {
    return this.logger.level
  }

  set level(level: string) {
    this.logger.level = level
  }

  child(...args: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.logger.child(...args)
  }
}

for (const level of LEVELS)
  Object.defineProperty(LateLogger.prototype, level, {
    value(this: LateLogger, ...args: Parameters<FastifyLogFn>) {
      this.logger[level](...args)
    },
  })

/** The logger that `make` makes, from its first line on. */
export function lateLogger(make: () => FastifyBaseLogger): FastifyBaseLogger {
  // A method per level was added above.
  return new LateLogger(make) as LateLogger & Record<Level, FastifyLogFn>
}
