import type { FastifyReply } from 'fastify'
import { refreshSession } from '#core/session/refresh-session.ts'
import { acceptInvitation } from '#core/session/set-password.ts'
import { signIn } from '#core/session/sign-in.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { problems } from '../plugins/problem.ts'
import { presentAccessGrant } from '../presenters/sessions.ts'
import { idFromBody } from '../presenters/wire-id.ts'
import { NoContent } from '../schemas/common.ts'
import { AcceptInvitationBody, AccessGrantSchema, RefreshBody, SignInBody } from '../schemas/sign-in.ts'

const tags = ['Sign-in']
/** Nobody is signed in yet. What is answered must not be kept, so no Idempotency-Key finds it again. */
const open = { plane: 'sign-in', scope: null, idempotency: 'none' } as const

/** How a person comes to an access token. */
export async function signInRoutes(app: App, deps: AppDeps): Promise<void> {
  const onTheSide = (work: () => Promise<void>) => {
    work().catch((error: unknown) => app.log.warn({ err: error }, 'a failed sign-in was not written down'))
  }

  app.post(
    '/auth/sign-in',
    {
      config: open,
      schema: {
        operationId: 'signIn',
        summary: 'Sign in',
        description:
          'For people; programs have API keys. Failures are answered alike whether the address is known or not, and delay what follows.',
        tags,
        body: SignInBody,
        response: {
          200: AccessGrantSchema,
          ...problems('sign_in_failed', 'sign_in_delayed', 'tenant_suspended'),
        },
      },
    },
    async (request, reply) => {
      const { email, password, tenant_id } = request.body
      const grant = await signIn(
        { ...deps, onTheSide },
        {
          email,
          password,
          tenantId: tenant_id === undefined ? null : idFromBody('ten', tenant_id, '/tenant_id'),
          ip: request.ip,
          userAgent: request.headers['user-agent'] ?? null,
          requestId: request.id,
        },
      )
      unkept(reply)
      return presentAccessGrant(grant)
    },
  )

  app.post(
    '/auth/refresh',
    {
      config: open,
      schema: {
        operationId: 'refreshSession',
        summary: 'Refresh a session',
        description:
          'Each refresh token works once; one that comes again ends the session. Within 10 seconds the last one may be repeated, if its answer was lost: use only what came last.',
        tags,
        body: RefreshBody,
        response: { 200: AccessGrantSchema, ...problems('refresh_refused') },
      },
    },
    async (request, reply) => {
      const command = { refreshToken: request.body.refresh_token, ip: request.ip, requestId: request.id }
      const grant = await refreshSession(deps, command)
      unkept(reply)
      return presentAccessGrant(grant)
    },
  )

  app.post(
    '/auth/accept-invitation',
    {
      config: open,
      schema: {
        operationId: 'acceptInvitation',
        summary: 'Accept an invitation',
        description: 'Sets the password of the person it is for. Every session of theirs ends.',
        tags,
        body: AcceptInvitationBody,
        response: { 204: NoContent, ...problems('invitation_invalid') },
      },
    },
    async (request, reply) => {
      const { token, password } = request.body
      await acceptInvitation(deps, { token, password, ip: request.ip, requestId: request.id })
      return reply.code(204).send(null)
    },
  )
}

/** @see RFC 6749, section 5.1 */
function unkept(reply: FastifyReply): void {
  reply.header('Cache-Control', 'no-store')
}
