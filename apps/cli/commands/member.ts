import { type Command, Option } from 'commander'
import { MEMBER_ROLES, type MemberRole } from '#core/tenant/member.ts'
import { group, leaf, required } from '../command.ts'
import { UsageError } from '../errors.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { WireInvitation, WireMember } from '../wire.ts'

export function memberCommands(terminal: Terminal): Command {
  const create = leaf<{ email: string; name: string; role: MemberRole }>(terminal, {
    name: 'create',
    plane: 'control',
    description: "Add a person to the tenant's team.",
    options: [
      required('--email <email>', 'unique in the team'),
      required('--name <name>', "the person's name"),
      new Option('--role <role>', 'what the person may do').choices(MEMBER_ROLES).default('developer'),
    ],
    examples: ['member create --email grace@example.com --name "Grace Hopper" --role admin'],
    async run({ session, show }, { email, name, role }) {
      const member = await session.tenant.post<WireMember>('/v3/members', { email, name, role })
      show(member, fields({ member: member.id, email: member.email, role: member.role }))
    },
  })

  const list = leaf(terminal, {
    name: 'list',
    plane: 'control',
    description: 'List the team.',
    examples: ['member list', 'member list --json'],
    async run({ session, show }) {
      const members = await readList<WireMember>(session.tenant, '/v3/members')
      const columns = [
        { title: 'member', show: (member: WireMember) => member.id },
        { title: 'name', show: (member: WireMember) => member.name },
        { title: 'email', show: (member: WireMember) => member.email },
        { title: 'role', show: (member: WireMember) => member.role },
      ]
      show(members, table(columns, members))
    },
  })

  const invite = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'invite',
    plane: 'control',
    description:
      'Make the token with which a person sets a password, the first or a forgotten one. It is shown this once.',
    arguments: [['<id>', 'the member: mem_…']],
    examples: ['member invite mem_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, _options, id) {
      const invitation = await session.tenant.post<WireInvitation>(
        `/v3/members/${encodeURIComponent(id)}/invitation`,
        {},
      )
      const { token, expires_at } = invitation
      show(invitation, fields({ invitation: token, 'works until': expires_at }))
    },
  })

  const accept = leaf<Record<never, never>, [token: string]>(terminal, {
    name: 'accept',
    plane: 'control',
    description:
      'Set a password with an invitation. The password is read from OST_PASSWORD, so that no history keeps it.',
    arguments: [['<invitation>', 'ost_invite_…']],
    examples: ['member accept ost_invite_…'],
    async run({ terminal: { env }, session, show }, _options, token) {
      const password = env['OST_PASSWORD']
      if (!password) throw new UsageError('Set OST_PASSWORD to the new password.')
      await session.tenant.post('/v3/auth/accept-invitation', { token, password })
      show({ accepted: true }, 'The password is set. Sign in with POST /v3/auth/sign-in.')
    },
  })

  return group(
    'member',
    "People of the tenant's team.",
    [create, list, invite, accept],
    ['member create --email grace@example.com --name "Grace Hopper" --role admin', 'member list'],
  )
}
