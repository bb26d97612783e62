import type { FastifyRequest } from 'fastify'
import { subscribe as graphqlSubscribe } from 'graphql'
import { CloseCode, makeServer, type Context } from 'graphql-ws'
import type { WebSocket } from 'ws'
import { DomainError } from '#core/shared/errors.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { ECONOMY_HEADER } from '../plugins/economy-header.ts'
import { toDomainError } from '../plugins/error-handler.ts'
import { credentialOf } from '../plugins/authenticate.ts'
import { isOutOfReach } from '#adapters/postgres/is-out-of-reach.ts'
import { createContext } from './context.ts'
import type { Engine } from './engine.ts'
import { formatError } from './error-formatter.ts'
import { errorsOf, type Runner } from './run.ts'
import type { SubscriptionContext } from './subscriptions.ts'

/** Open sockets of one key or member in this process. */
export const SOCKETS_PER_CALLER_MAX = 20
/** Open sockets of this process, before and after they said who they are. */
const SOCKETS_MAX = 5_000
/** Operations under way on one socket. */
export const SUBSCRIPTIONS_PER_SOCKET_MAX = 25
/** Bytes that wait to be sent on one socket; who reads slower is cut off and goes on with a cursor. */
const BACKLOG_BYTES_MAX = 4 * 1_024 * 1_024
/** Milliseconds in which a new socket must say who it is. */
const INIT_WAIT_MS = 5_000
/** Milliseconds. A socket without an answer to one ping when the next is due is dead. */
const HEARTBEAT_MS = 15_000
/** Milliseconds. A key that is revoked or expires keeps its sockets at most this much longer than its requests. */
const RECHECK_MS = 2_000

/** One open socket, once it has said who it is. */
interface Extra {
  socket: WebSocket
  /** The request that opened it, with the caller of connection_init. */
  request: FastifyRequest
  end: AbortController
  caller: string | null
}

type SocketContext = Context<Record<string, unknown>, Extra>

/** What happens on a socket from its opening to its end. */
export function serveSockets(app: App, deps: AppDeps, runner: Runner): Engine['serve'] {
  const sockets = new Map<string, number>()
  let open = 0
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    execute: runner.execute,
    subscribe: graphqlSubscribe,
    onConnect: ({ extra, connectionParams }) => enter(extra, connectionParams ?? {}),
    onSubscribe: (context, _id, payload) => prepare(context, payload),
    onNext: ({ extra }, _id, _payload, _args, { errors, data = null }) => ({
      data,
      ...(errors && { errors: errors.map((error) => formatError(app, extra.request, error).toJSON()) }),
    }),
    onError: ({ extra }, _id, _payload, errors) =>
      errors.map((error) =>
        formatError(app, extra.request, error as Parameters<typeof formatError>[2]).toJSON(),
      ),
  })

  return (socket, request) => {
    open += 1
    const extra: Extra = {
      socket,
      request: callerOf(request, {}),
      end: new AbortController(),
      caller: null,
    }
    const timers = [beat(extra), recheck(extra)]
    socket.once('close', () => {
      open -= 1
      for (const timer of timers) clearInterval(timer)
      extra.end.abort()
      if (extra.caller !== null) sockets.set(extra.caller, (sockets.get(extra.caller) ?? 1) - 1)
      if (sockets.get(extra.caller ?? '') === 0) sockets.delete(extra.caller ?? '')
    })
    if (open > SOCKETS_MAX) return socket.close(1013, 'too many sockets')
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (message) => send(extra, message),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          socket.on(
            'message',
            (message: Buffer) =>
              void take(message.toString('utf8')).catch((error: unknown) => broken(extra, error)),
          )
        },
      },
      extra,
    )
    socket.once('close', (code, reason) => void closed(code, String(reason)))
  }

  /** `connection_init`: who asks, and for which economy. */
  async function enter(extra: Extra, params: Record<string, unknown>): Promise<boolean> {
    try {
      extra.request = callerOf(extra.request, params)
      await app.authenticate(extra.request, 'graphql')
      if (extra.request.credential === null)
        throw new DomainError('unauthenticated', 'Send authorization in connection_init.')
      if (params['economy'] !== undefined) await app.resolveEconomy(extra.request)
      const caller = credentialOf(extra.request).id
      const held = sockets.get(caller) ?? 0
      if (held >= SOCKETS_PER_CALLER_MAX)
        throw new DomainError('limit_reached', `This key has ${held} sockets open; close one first.`)
      extra.caller = caller
      sockets.set(caller, held + 1)
      return true
    } catch (error) {
      refuse(extra, error)
      return false
    }
  }

  async function prepare({ extra, subscriptions }: SocketContext, payload: Parameters<Runner['prepare']>[0]) {
    const context: SubscriptionContext = createContext(app, deps, extra.request)
    context.signal = extra.end.signal
    try {
      if (Object.keys(subscriptions).length > SUBSCRIPTIONS_PER_SOCKET_MAX)
        throw new DomainError(
          'limit_reached',
          `One socket carries ${SUBSCRIPTIONS_PER_SOCKET_MAX} operations; end one first.`,
        )
      await app.limit(extra.request, NO_REPLY)
      return runner.prepare(payload, context).args
    } catch (error) {
      return errorsOf(error)
    }
  }

  /** Keys end, tenants are suspended, members leave: their sockets end with them. */
  function recheck(extra: Extra): NodeJS.Timeout {
    return setInterval(() => {
      if (extra.caller === null) return
      const again = callerOf(extra.request, {})
      const asked = async () => app.authenticate(again, 'graphql')
      asked().catch((error: unknown) => {
        // Whether it still may is not known then; nothing can be read for it meanwhile either.
        if (!isOutOfReach(error) && toDomainError(error).code !== 'overloaded') refuse(extra, error)
      })
    }, RECHECK_MS)
  }

  function broken({ request, socket }: Extra, error: unknown): void {
    request.log.error({ err: error }, 'a message of a socket failed unexpectedly')
    socket.close(CloseCode.InternalServerError, 'internal_error')
  }
}

/** Nobody is told where a limit stands on a socket; one that is used up is an error. */
const NO_REPLY = { header: () => NO_REPLY } as unknown as Parameters<App['limit']>[1]

/** Closes with the reason's code: 4401 who asks is not known (any more), 4403 for every other refusal. */
function refuse({ socket }: Extra, error: unknown): void {
  const { code } = toDomainError(error)
  const isUnknown = [
    'unauthenticated',
    'key_expired',
    'key_revoked',
    'token_expired',
    'session_ended',
  ].includes(code)
  socket.close(isUnknown ? CloseCode.Unauthorized : CloseCode.Forbidden, code)
}

/** The opening request with the caller of `connection_init` in place of headers, which browsers cannot set. */
function callerOf(
  request: FastifyRequest,
  { authorization, economy }: Record<string, unknown>,
): FastifyRequest {
  const headers = {
    ...request.headers,
    ...(typeof authorization === 'string' && { authorization }),
    ...(typeof economy === 'string' && { [ECONOMY_HEADER]: economy }),
  }
  const own = { headers, credential: request.credential, economyId: request.economyId }
  const properties = Object.entries(own).map(([name, value]) => [name, { value, writable: true }])
  return Object.create(request, Object.fromEntries(properties)) as FastifyRequest
}

/** Resolves once the message left; subscriptions read on only then. */
function send({ socket }: Extra, message: string): Promise<void> {
  if (socket.bufferedAmount > BACKLOG_BYTES_MAX) {
    socket.terminate()
    return Promise.resolve()
  }
  return new Promise((resolve) => socket.send(message, () => resolve()))
}

function beat({ socket }: Extra): NodeJS.Timeout {
  let isAnswered = true
  socket.on('pong', () => (isAnswered = true))
  return setInterval(() => {
    if (!isAnswered) return socket.terminate()
    isAnswered = false
    socket.ping()
  }, HEARTBEAT_MS)
}
