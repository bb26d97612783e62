import type { Clock } from '#core/shared/clock.ts'

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() }
