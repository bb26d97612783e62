export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Facts of a log line. Never keys, tokens, signatures or raw signed bytes. */
export type Fields = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>

/** A metric's labels: few and bounded values (a chain, a lane, a verdict), never ids of transactions. */
export type Labels = Readonly<Record<string, string>>

/**
 * Where the platform says what it does: logs and metrics behind one port. `event` and `metric` are stable dotted names;
 * level `error` asks for a person. Implementations never throw and never wait.
 */
export interface Observer {
  log(level: LogLevel, event: string, fields?: Fields): void
  /** Adds `by` (default 1) to a counter. */
  count(metric: string, labels?: Labels, by?: number): void
  /** Sets a gauge. */
  gauge(metric: string, value: number, labels?: Labels): void
}

/** Says nothing. */
export const silentObserver: Observer = { log() {}, count() {}, gauge() {} }
