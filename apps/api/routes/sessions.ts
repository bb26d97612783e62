import { endSession, listSessions, signOut } from '#core/session/end-sessions.ts'
import { SessionNotFound } from '#core/session/errors.ts'
import { changePassword } from '#core/session/set-password.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf, sessionOf } from '../plugins/authenticate.ts'
import { problems } from '../plugins/problem.ts'
import { presentSession } from '../presenters/sessions.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, NoContent } from '../schemas/common.ts'
import { ChangePasswordBody, SessionsSchema, SignOutBody } from '../schemas/sign-in.ts'

const tags = ['Sign-in']
const own = { plane: 'member', scope: null } as const
const ownWrites = { ...own, idempotency: 'none' } as const

/** What a person who is signed in does with their own sessions and password. */
export async function sessionRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/auth/sign-out',
    {
      config: ownWrites,
      schema: {
        operationId: 'signOut',
        summary: 'Sign out',
        description:
          'Ends the session that asks, or all of yours. Their access tokens are refused within a second.',
        tags,
        body: SignOutBody,
        response: { 204: NoContent, ...problems() },
      },
    },
    async (request, reply) => {
      const { everywhere } = request.body
      await signOut(deps, { actor: actorOf(request), sessionId: sessionOf(request), everywhere })
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/auth/sessions',
    {
      config: own,
      schema: {
        operationId: 'listSessions',
        summary: 'List your sessions',
        description: 'All open ones, newest first.',
        tags,
        response: { 200: SessionsSchema, ...problems() },
      },
    },
    async (request) => {
      const { tenantId, id: memberId } = actorOf(request)
      const sessions = await listSessions(deps, { tenantId, memberId })
      const currentId = sessionOf(request)
      return { object: 'list' as const, data: sessions.map((session) => presentSession(session, currentId)) }
    },
  )

  app.delete(
    '/auth/sessions/:id',
    {
      config: own,
      schema: {
        operationId: 'endSession',
        summary: 'End one of your sessions',
        tags,
        params: IdParams('ses'),
        response: { 204: NoContent, ...problems('session_not_found') },
      },
    },
    async (request, reply) => {
      const sessionId = idFromPath('ses', request.params.id, () => new SessionNotFound())
      await endSession(deps, { actor: actorOf(request), sessionId })
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/auth/password',
    {
      config: ownWrites,
      schema: {
        operationId: 'changePassword',
        summary: 'Change your password',
        description: 'Every other session of yours ends.',
        tags,
        body: ChangePasswordBody,
        response: { 204: NoContent, ...problems('sign_in_failed', 'sign_in_delayed') },
      },
    },
    async (request, reply) => {
      const { current_password, new_password } = request.body
      await changePassword(deps, {
        actor: actorOf(request),
        sessionId: sessionOf(request),
        current: current_password,
        next: new_password,
      })
      return reply.code(204).send(null)
    },
  )
}
