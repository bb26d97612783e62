import { inviteMember } from '#core/session/invite-member.ts'
import { createMember } from '#core/tenant/create-member.ts'
import { MemberNotFound } from '#core/tenant/errors.ts'
import { getMember } from '#core/tenant/get-member.ts'
import { listMembers } from '#core/tenant/list-members.ts'
import { removeMember } from '#core/tenant/remove-member.ts'
import { updateMember } from '#core/tenant/update-member.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf, credentialOf, roleOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentMember } from '../presenters/members.ts'
import { presentInvitation } from '../presenters/sessions.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf, NoContent } from '../schemas/common.ts'
import { CreateMemberBody, ListMembersQuery, MemberSchema, UpdateMemberBody } from '../schemas/members.ts'
import { InvitationSchema } from '../schemas/sign-in.ts'

const tags = ['Members']
const reads = { plane: 'control', scope: 'members:read' } as const
const writes = { plane: 'control', scope: 'members:write' } as const

/** The people of a tenant's team. */
export async function memberRoutes(app: App, deps: AppDeps): Promise<void> {
  const memberIdOf = (params: { id: string }) => idFromPath('mem', params.id, () => new MemberNotFound())

  app.post(
    '/members',
    {
      config: writes,
      schema: {
        operationId: 'createMember',
        summary: 'Add a member',
        tags,
        body: CreateMemberBody,
        response: { 201: MemberSchema, ...problems('member_exists', 'owner_required') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const member = await createMember(
          { ...deps, unitOfWork },
          { actor: actorOf(request), actorRole: roleOf(request), ...request.body },
        )
        return { status: 201, body: presentMember(member) }
      }),
  )

  app.get(
    '/members',
    {
      config: reads,
      schema: {
        operationId: 'listMembers',
        summary: 'List members',
        tags,
        querystring: ListMembersQuery,
        response: { 200: ListOf(MemberSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      return toList(request, await listMembers(deps, { tenantId, page: pageOf(request) }), presentMember)
    },
  )

  app.get(
    '/members/:id',
    {
      config: reads,
      schema: {
        operationId: 'getMember',
        summary: 'Get a member',
        tags,
        params: IdParams('mem'),
        response: { 200: MemberSchema, ...problems('member_not_found') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      return presentMember(await getMember(deps, { tenantId, memberId: memberIdOf(request.params) }))
    },
  )

  app.patch(
    '/members/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateMember',
        summary: "Change a member's role",
        tags,
        params: IdParams('mem'),
        body: UpdateMemberBody,
        response: { 200: MemberSchema, ...problems('member_not_found', 'last_owner', 'owner_required') },
      },
    },
    async (request) => {
      const command = {
        actor: actorOf(request),
        actorRole: roleOf(request),
        memberId: memberIdOf(request.params),
        role: request.body.role,
      }
      return presentMember(await updateMember(deps, command))
    },
  )

  app.post(
    '/members/:id/invitation',
    {
      config: writes,
      schema: {
        operationId: 'inviteMember',
        summary: 'Invite a member',
        description:
          'The answer holds the token with which the person sets a password, shown this once. Where a password was forgotten, invite again.',
        tags,
        params: IdParams('mem'),
        response: { 201: InvitationSchema, ...problems('member_not_found', 'owner_required') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const invitation = await inviteMember(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            actorRole: roleOf(request),
            memberId: memberIdOf(request.params),
          },
        )
        return { status: 201, body: presentInvitation(invitation) }
      }),
  )

  app.delete(
    '/members/:id',
    {
      config: writes,
      schema: {
        operationId: 'removeMember',
        summary: 'Remove a member',
        tags,
        params: IdParams('mem'),
        response: { 204: NoContent, ...problems('member_not_found', 'last_owner', 'owner_required') },
      },
    },
    async (request, reply) => {
      await removeMember(deps, {
        actor: actorOf(request),
        actorRole: roleOf(request),
        memberId: memberIdOf(request.params),
      })
      return reply.code(204).send(null)
    },
  )
}
