import type { Command } from 'commander'
import { fields } from '../table.ts'
import { group, leaf, required } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import type { WireCreatedTenant, WireTenant } from '../wire.ts'

export function tenantCommands(terminal: Terminal): Command {
  const create = leaf<{ name: string; ownerEmail: string; ownerName: string }>(terminal, {
    name: 'create',
    plane: 'platform',
    description: 'Create a tenant with its owner and its first API key, which is shown this once.',
    options: [
      required('--name <name>', 'the business'),
      required('--owner-email <email>', 'its first member, with every right'),
      required('--owner-name <name>', "the first member's name"),
    ],
    examples: ['tenant create --name "Acme Games" --owner-email ada@example.com --owner-name "Ada Lovelace"'],
    async run({ session, show }, { name, ownerEmail, ownerName }) {
      const owner = { email: ownerEmail, name: ownerName }
      const tenant = await session.platform.post<WireCreatedTenant>('/v3/tenants', { name, owner })
      const created = fields({ tenant: tenant.id, owner: tenant.owner.id, 'API key': tenant.api_key.secret })
      show(
        tenant,
        `${created}\n\nKeep the key now: it is not shown again. To use it from here on:\n\n  export OST_API_URL=${session.url} OST_API_KEY=${tenant.api_key.secret}`,
      )
    },
  })

  const show = leaf(terminal, {
    name: 'show',
    plane: 'control',
    description: "Show the key's tenant.",
    examples: ['tenant show'],
    async run(context) {
      const tenant = await context.session.tenant.get<WireTenant>('/v3/tenant')
      const { id, name, status, created_at } = tenant
      context.show(tenant, fields({ tenant: id, name, status, created: created_at }))
    },
  })

  return group(
    'tenant',
    'Businesses on this platform.',
    [create, show],
    [
      'tenant create --name "Acme Games" --owner-email ada@example.com --owner-name "Ada Lovelace"',
      'tenant show',
    ],
  )
}
