import { hostname } from 'node:os'
import type { FastifyInstance, FastifyLoggerOptions, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type LoggerOptions, pino } from 'pino'
import type { Config, LogLevel } from '#config'
import type { AcceptResult } from '#core/transaction/accept-transactions.ts'
import { LineBuffer } from './line-buffer.ts'
import { routeOf } from './route-of.ts'

/** Paths in log objects that may hold a secret. Bodies are never logged. */
const SECRETS = [
  'req.headers.authorization',
  '*.authorization',
  '*.secret',
  '*.password',
  '*.passwordHash',
  '*.refreshToken',
  '*.accessToken',
  '*.sealedPrivateKey',
  '*.secretHash',
  '*.keyJwe',
  '*.rawTx',
]

/** Request lines that are written together, in characters, and the milliseconds after which fewer are. */
const LINES = { lengthMax: 65_536, delayMs: 100 }

/** Transaction ids that one line names at most; of a larger batch the first ones, and how many there are. */
const IDS_MAX = 64

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request's line says of the transactions that it accepted. */
    accepted: { transactions: number; transactionIds: string } | null
  }
}

/** Has the request's line name what was accepted, so that a transaction can be followed from it on. */
export function noteAccepted(request: FastifyRequest, result: AcceptResult): void {
  if ('error' in result) return
  const ids: string[] = []
  let transactions = 0
  for (const item of result.items) {
    if (!('accepted' in item)) continue
    transactions += 1
    if (ids.length < IDS_MAX) ids.push(item.accepted.id)
  }
  if (transactions > 0) request.accepted = { transactions, transactionIds: ids.join(' ') }
}

interface LogDeps {
  config: Pick<Config, 'log'>
  /** Absent: standard output. */
  logTo?: { write(text: string): void }
}

/** JSON lines without secrets. */
export function logOptions(level: LogLevel): false | (FastifyLoggerOptions & LoggerOptions) {
  if (level === 'silent') return false
  return { level, redact: { paths: SECRETS, censor: '[hidden]' } }
}

/**
 * One line per answered request. Health checks come every few seconds and say nothing: they are left to `debug`. Request lines
 * are pino's in form and written without it, many at once: their few fields hold no secret to look for. A process that is
 * killed loses those of its last tenth of a second, and nothing else.
 */
export const requestLog = fp(async (app: FastifyInstance, { config, logTo }: LogDeps) => {
  const { level } = config.log
  app.decorateRequest('accepted', null)
  if (level === 'silent') return
  const destination = pino.destination(process.stdout.fd)
  const buffer = new LineBuffer(logTo ?? destination, LINES)
  const levels = pino.levels.values
  const [atDebug, atInfo] = [levels['debug'] ?? 0, levels['info'] ?? 0]
  const least = levels[level] ?? 0
  const origin = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())}`
  app.addHook('onResponse', (request, reply, done) => {
    const lineLevel = routeOf(request).plane === 'public' ? atDebug : atInfo
    if (lineLevel >= least)
      buffer.write(`{"level":${lineLevel},"time":${Date.now()},${origin}${answered(request, reply)}}\n`)
    done()
  })
  app.addHook('onClose', async () => {
    buffer.flush()
    await new Promise((resolve) => destination.flush(resolve))
  })
})

/** Numbers, names of routes, and ids that are nothing but letters, digits and signs (request-id.ts): none of it needs to be escaped. */
function answered(request: FastifyRequest, reply: FastifyReply): string {
  const { credential, economyId, accepted } = request
  const ms = Math.round(reply.elapsedTime * 10) / 10
  const caller = credential ? field(credential.member ? 'memberId' : 'apiKeyId', credential.id) : ''
  const transactions = accepted
    ? `,"transactions":${accepted.transactions}${field('transactionIds', accepted.transactionIds)}`
    : ''
  return (
    `,"reqId":"${request.id}","method":"${request.method}"${field('route', routeOf(request).url)}` +
    `,"status":${reply.statusCode},"ms":${ms}${field('tenantId', credential?.tenantId)}${field('economyId', economyId)}` +
    `${caller}${transactions},"msg":"answered"`
  )
}

function field(name: string, value: string | null | undefined): string {
  return value === null || value === undefined ? '' : `,"${name}":"${value}"`
}
