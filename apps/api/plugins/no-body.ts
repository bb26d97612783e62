import type { FastifyRequest, preValidationHookHandler, RouteOptions } from 'fastify'
import { InvalidRequest } from '#core/shared/errors.ts'
import type { App } from '../app-types.ts'

/**
 * Routes of /v3 that take no body refuse one: a caller who sends fields means something by them. An empty object is none, as
 * many clients send it with every POST.
 */
export function refuseUnknownBodies(app: App): void {
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/v3/') || route.schema?.body !== undefined) return
    route.preValidation = [...hooksOf(route), refuseBody]
  })
}

const refuseBody: preValidationHookHandler = (request, _reply, done) => {
  checkNoBody(request)
  done()
}

function checkNoBody({ body }: FastifyRequest): void {
  if (body === undefined || body === null) return
  const fields = typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : []
  if (fields.length === 0 && typeof body === 'object' && !Array.isArray(body)) return
  throw new InvalidRequest([{ pointer: '', detail: 'must be left out: this request takes no body' }])
}

function hooksOf({ preValidation = [] }: RouteOptions) {
  return Array.isArray(preValidation) ? preValidation : [preValidation]
}
