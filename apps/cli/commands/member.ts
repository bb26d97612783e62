import { type Command, Option } from 'commander'
import { MEMBER_ROLES, type MemberRole } from '#core/tenant/member.ts'
import { group, leaf, required } from '../command.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { WireMember } from '../wire.ts'

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

  return group(
    'member',
    "People of the tenant's team.",
    [create, list],
    ['member create --email grace@example.com --name "Grace Hopper" --role admin', 'member list'],
  )
}
