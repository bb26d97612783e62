/** Codes that say: nothing was done, and the same work may succeed in a moment. */
const PASSING: ReadonlySet<string> = new Set([
  // Node's sockets
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  // Postgres: serialization failure, deadlock, too many connections, statement and lock timeout, shutting down, starting
  '40001',
  '40P01',
  '53300',
  '57014',
  '55P03',
  '57P01',
  '57P02',
  '57P03',
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

/** node-postgres has no code for a pool that gave no connection in time. */
const POOL_TIMEOUT = 'timeout exceeded when trying to connect'

/**
 * Whether a failure of Prisma or node-postgres came from the way to the database, from its being full, or from two
 * transactions in each other's way, and not from what was asked.
 */
export function isOutOfReach(error: unknown): boolean {
  const { code, message, severity, meta } = fieldsOf(error)
  // The database ends the whole connection: it says nothing about the statement.
  if (severity === 'FATAL' || message === POOL_TIMEOUT) return true
  if (typeof code === 'string' && PASSING.has(code)) return true
  const cause = fieldsOf(fieldsOf(fieldsOf(meta)['driverAdapterError'])['cause'])
  return cause['severity'] === 'FATAL' || PASSING.has(String(cause['originalCode']))
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  // Any object may be looked at as fields of unknown types.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
