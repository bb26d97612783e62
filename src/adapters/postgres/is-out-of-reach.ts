/** Codes that say: nothing was done, or nothing is known, and the same work may succeed in a moment. */
const PASSING: ReadonlySet<string> = new Set([
  // Node's sockets
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // our own: see pulse.ts
  'DATABASE_SILENT',
  // Postgres: a write to a standby (failover under way), serialization failure, deadlock
  '25006',
  '40001',
  '40P01',
  // disk full, out of memory, too many connections, limit of the configuration, and whatever else it is short of
  '53000',
  '53100',
  '53200',
  '53300',
  '53400',
  // lock and statement timeout, shutting down, crashed, starting, idle session ended
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  // input or output error of its disk
  '58030',
  // connection exceptions
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  // Prisma: cannot reach, timed out, closed, no connection free, transaction not started or expired, write conflict
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
])

/** What Prisma's driver adapter calls the same. */
const PASSING_KINDS: ReadonlySet<string> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TransactionWriteConflict',
])

/** node-postgres has no codes for its own: no free connection in time, line cut, no answer in time. */
const PASSING_WORDS =
  /^(?:timeout exceeded when trying to connect|Connection terminated.*|Query read timeout|timeout expired|Client (?:was closed|has encountered a connection error) and is not queryable|Cannot use a pool after calling end on the pool)$/

/** Causes inside causes that are looked at. */
const DEPTH_MAX = 4

/**
 * Whether a failure of Prisma or node-postgres came from the way to the database, from its being full, or from two
 * transactions in each other's way, and not from what was asked.
 */
export function isOutOfReach(error: unknown, depth = 0): boolean {
  const { code, originalCode, kind, message, severity, meta, cause } = fieldsOf(error)
  // FATAL and PANIC: the database ends the whole connection, which says nothing about the statement.
  if (severity === 'FATAL' || severity === 'PANIC') return true
  if ([code, originalCode].some((value) => typeof value === 'string' && PASSING.has(value))) return true
  if (typeof kind === 'string' && PASSING_KINDS.has(kind)) return true
  if (typeof message === 'string' && PASSING_WORDS.test(message)) return true
  if (depth >= DEPTH_MAX) return false
  const inner = fieldsOf(meta)['driverAdapterError']
  return [inner, cause].some((part) => part !== undefined && isOutOfReach(part, depth + 1))
}

/** Postgres for text that it has no place for: U+0000 in text, the same or half a surrogate pair in jsonb. */
const UNSTORABLE: ReadonlySet<unknown> = new Set(['22021', '22P05'])

/** Whether a statement failed because of characters that were asked to be stored, and that cannot be. */
export function isUnstorable(error: unknown, depth = 0): boolean {
  const { code, originalCode, meta, cause } = fieldsOf(error)
  if (UNSTORABLE.has(code) || UNSTORABLE.has(originalCode)) return true
  if (depth >= DEPTH_MAX) return false
  const inner = fieldsOf(meta)['driverAdapterError']
  return [inner, cause].some((part) => part !== undefined && isUnstorable(part, depth + 1))
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  // Any object may be looked at as fields of unknown types.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
