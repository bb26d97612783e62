import type { FastifyInstance, FastifyLoggerOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { LoggerOptions } from 'pino'
import type { LogLevel } from '#config'

/** Paths in log objects that may hold a secret. Bodies are never logged. */
const SECRETS = [
  'req.headers.authorization',
  '*.authorization',
  '*.secret',
  '*.secretHash',
  '*.keyJwe',
  '*.rawTx',
]

/** JSON lines without secrets. */
export function logOptions(level: LogLevel): false | (FastifyLoggerOptions & LoggerOptions) {
  if (level === 'silent') return false
  return { level, redact: { paths: SECRETS, censor: '[hidden]' } }
}

/** One line per answered request. Health checks come every few seconds and say nothing: they are left to `debug`. */
export const requestLog = fp(async (app: FastifyInstance) => {
  app.addHook('onResponse', async (request, reply) => {
    const { url: route, config } = request.routeOptions
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      tenantId: request.credential?.tenantId,
      economyId: request.economyId ?? undefined,
      apiKeyId: request.credential?.id,
    }
    request.log[config.plane === 'public' ? 'debug' : 'info'](line, 'answered')
  })
})
