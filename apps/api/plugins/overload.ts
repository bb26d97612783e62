import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Overloaded } from '#core/shared/errors.ts'
import { routeOf } from './route-of.ts'

/** Milliseconds. Requests that wait this long for the event loop are better refused than served late. */
const EVENT_LOOP_DELAY_MAX = 1_000
/** Milliseconds between two looks at the event loop. */
const LOOK_INTERVAL_MS = 1_000
/** One slow look is a hiccup (starting, a long garbage collection); refusing takes more of them in a row. */
const SLOW_LOOKS_MIN = 2

/** Refuses requests early while the process cannot keep up. Health checks are answered: they must tell the truth. */
export const overload = fp(async (app: FastifyInstance) => {
  const looks = new SlowLooks()
  await app.register(underPressure, {
    maxEventLoopDelay: EVENT_LOOP_DELAY_MAX,
    sampleInterval: LOOK_INTERVAL_MS,
    pressureHandler: async (
      request: FastifyRequest,
      _reply: FastifyReply,
      _type: string,
      delay: number | undefined,
    ) => {
      const inARow = looks.note(delay ?? 0)
      if (inARow >= SLOW_LOOKS_MIN && routeOf(request).plane !== 'public') throw new Overloaded()
    },
  })
})

/** Counts the slow looks that followed each other. Every request between two looks brings the same value again. */
class SlowLooks {
  #last = 0
  #lastAt = 0
  #inARow = 0

  note(delay: number): number {
    // Without a sample since the last look the delay is given as infinite; that says nothing.
    if (!Number.isFinite(delay) || delay === this.#last) return this.#inARow
    const now = performance.now()
    const follows = now - this.#lastAt < 2 * (LOOK_INTERVAL_MS + delay)
    this.#inARow = follows ? this.#inARow + 1 : 1
    this.#last = delay
    this.#lastAt = now
    return this.#inARow
  }
}
