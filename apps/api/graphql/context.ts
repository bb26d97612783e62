import type { FastifyRequest } from 'fastify'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { createLoaders, type Loaders } from './loaders.ts'

/** What resolvers get: the same dependencies, caller and economy as REST routes, and what one request reads together. */
export interface GraphqlContext {
  app: App
  deps: AppDeps
  request: FastifyRequest
  loaders: Loaders
  /** Finding the economy that the caller's header names; once a request. */
  entering?: void | Promise<void>
}

export function createContext(app: App, deps: AppDeps, request: FastifyRequest): GraphqlContext {
  // The loaders need the context for who asks, and are used only after it is made.
  const context = { app, deps, request } as GraphqlContext
  context.loaders = createLoaders(context)
  return context
}
