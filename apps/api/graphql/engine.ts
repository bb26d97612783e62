import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { createContext } from './context.ts'
import { formatExecution } from './error-formatter.ts'
import type { FindQuery } from './persisted-queries.ts'
import { type Asked, createRunner } from './run.ts'
import { buildSchema } from './schema/build-schema.ts'
import { serveSockets } from './serve-sockets.ts'

/** GraphQL itself, behind its two doors. */
export interface Engine {
  /** Runs an operation; what it answers. Never throws. */
  run: (asked: Asked, request: FastifyRequest) => Promise<ReturnType<typeof formatExecution>>
  /** Speaks graphql-transport-ws with whoever opened the socket. */
  serve: (socket: WebSocket, request: FastifyRequest) => void
}

/** The one module through which everything heavy of GraphQL is loaded: import it only when it is needed. */
export async function createEngine(
  app: App,
  deps: AppDeps,
  options: { introspection: boolean; findQuery: FindQuery },
): Promise<Engine> {
  const runner = await createRunner(app, buildSchema(app.operations), options)
  return {
    async run(asked, request) {
      const execution = await runner.run(asked, createContext(app, deps, request))
      return formatExecution(app, request, execution)
    },
    serve: serveSockets(app, deps, runner),
  }
}
