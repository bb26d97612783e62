/** Time as a dependency, so that tests freeze it. */
export interface Clock {
  now(): Date
}

/**
 * Milliseconds between now and a recorded moment, whichever comes first. Moments come from the clocks of other processes: one
 * that lies in the future must make nobody wait until it is over.
 */
export function msApart(now: Date, recorded: Date): number {
  return Math.abs(now.getTime() - recorded.getTime())
}

/** Ids as a dependency: UUIDv7, so that they sort by time. */
export interface Ids {
  next(): string
}
