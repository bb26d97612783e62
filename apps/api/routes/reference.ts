import { Type } from 'typebox'
import type { ErrorCode } from '#core/shared/errors.ts'
import type { App } from '../app-types.ts'
import { wireErrorOf } from '../plugins/problem.ts'

const open = { plane: 'public', scope: null } as const

/** The API described: for programs at /openapi.json, each error code at /errors/<code>. */
export async function referenceRoutes(app: App): Promise<void> {
  app.get('/openapi.json', { config: open, schema: { hide: true } }, async (_request, reply) => {
    reply.type('application/json; charset=utf-8')
    return JSON.stringify(app.swagger())
  })

  app.get(
    '/errors/:code',
    { config: open, schema: { hide: true, params: Type.Object({ code: Type.String({ maxLength: 64 }) }) } },
    async (request, reply) => {
      const { code } = request.params
      if (!isErrorCode(code)) return reply.callNotFound()
      return reply.send({ object: 'error_code', code, retryable: false, ...wireErrorOf[code] })
    },
  )
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(wireErrorOf, code)
}
