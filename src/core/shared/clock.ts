/** Time as a dependency, so that tests freeze it. */
export interface Clock {
  now(): Date
}

/** Ids as a dependency: UUIDv7, so that they sort by time. */
export interface Ids {
  next(): string
}
