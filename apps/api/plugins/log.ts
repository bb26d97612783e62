import type { FastifyLoggerOptions } from 'fastify'
import type { LoggerOptions } from 'pino'
import type { LogLevel } from '#config'

/** Paths in log objects that may hold a secret. Bodies are never logged. */
const SECRETS = ['req.headers.authorization', '*.authorization', '*.secret', '*.secretHash', '*.keyJwe', '*.rawTx']

/** One line per request and per state change, as JSON, without secrets. */
export function logOptions(level: LogLevel): false | (FastifyLoggerOptions & LoggerOptions) {
  if (level === 'silent') return false
  return { level, redact: { paths: SECRETS, censor: '[hidden]' } }
}
