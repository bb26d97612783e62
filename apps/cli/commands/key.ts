import type { Command } from 'commander'
import { SIGNING_ALGORITHMS } from '#core/tenant/api-key.ts'
import { DATA_SCOPES, SCOPES } from '#core/tenant/scopes.ts'
import { group, leaf, option, required } from '../command.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { toSeconds } from '../units.ts'
import type { WireApiKey, WireIssuedApiKey } from '../wire.ts'

/** Of the ways to sign, those whose secret the platform makes. */
const SHARED_SECRETS = SIGNING_ALGORITHMS.filter((algorithm) => algorithm !== 'ed25519')

interface CreateOptions {
  name: string
  for?: string
  scopes?: string[]
  from?: string[]
  expiresIn?: string
  signing?: string
  production?: boolean
}

export function keyCommands(terminal: Terminal): Command {
  const create = leaf<CreateOptions>(terminal, {
    name: 'create',
    plane: 'control',
    description: 'Create an API key. Its secret is shown this once.',
    options: [
      required('--name <name>', 'what will use it'),
      option('--for <economy>', 'a key of one economy; left out: of the whole tenant'),
      option('--scopes <scope...>', 'what it may do; left out: everything that such a key can'),
      option('--from <address...>', 'addresses and CIDR ranges it works from; left out: from everywhere'),
      option(
        '--signing <algorithm>',
        `lets it sign: ${SHARED_SECRETS.join(', ')}; ost-v1 and ost-v2 for the SDKs of OST`,
      ),
      option('--production', 'for a production economy; left out: for sandboxes'),
      option('--expires-in <span>', 'how long it works, such as 90d; left out: until it is revoked'),
    ],
    examples: [
      'key create --name "Game server" --for eco_01k0g2qz5me93tnsy1xq2zc7ah',
      'key create --name "Shop of 2018" --for eco_01k0g2qz5me93tnsy1xq2zc7ah --signing ost-v1',
      'key create --name Reporting --scopes transactions:read users:read --expires-in 90d --from 203.0.113.0/24',
    ],
    async run({ session, show }, options) {
      const scopes = options.scopes ?? (options.for === undefined ? SCOPES : DATA_SCOPES)
      const expiresIn =
        options.expiresIn === undefined ? undefined : toSeconds(options.expiresIn, '--expires-in')
      const key = await session.tenant.post<WireIssuedApiKey>('/v3/api-keys', {
        name: options.name,
        scopes,
        ...(options.production === true && { environment: 'production' }),
        ...(options.for !== undefined && { economy_id: options.for }),
        ...(options.from !== undefined && { ip_allow_list: options.from }),
        ...(options.signing !== undefined && { signing: { algorithm: options.signing } }),
        ...(expiresIn !== undefined && {
          expires_at: new Date(Date.now() + expiresIn * 1_000).toISOString(),
        }),
      })
      show(key, issuedText(key))
    },
  })

  const list = leaf<{ for?: string }>(terminal, {
    name: 'list',
    plane: 'control',
    description: 'List the API keys, ended ones too. Secrets are never shown again.',
    options: [option('--for <economy>', 'only keys of this economy')],
    examples: ['key list'],
    async run({ session, show }, options) {
      const keys = await readList<WireApiKey>(session.tenant, '/v3/api-keys', { economy_id: options.for })
      const columns = [
        { title: 'key', show: (key: WireApiKey) => key.id },
        { title: 'name', show: (key: WireApiKey) => key.name },
        { title: 'serves', show: (key: WireApiKey) => key.economy_id ?? 'the tenant' },
        { title: 'status', show: (key: WireApiKey) => key.status },
        { title: 'scopes', show: (key: WireApiKey) => String(key.scopes.length), align: 'right' as const },
        { title: 'expires', show: (key: WireApiKey) => key.expires_at ?? 'never' },
        { title: 'last used', show: (key: WireApiKey) => key.last_used_at ?? 'never' },
      ]
      show(keys, table(columns, keys))
    },
  })

  const rotate = leaf<{ overlap?: string }, [id: string]>(terminal, {
    name: 'rotate',
    plane: 'control',
    description: 'Replace a key by one with the same rights and a new secret. Both work for a while.',
    arguments: [['<id>', 'the key: key_…']],
    options: [option('--overlap <span>', 'how long the old one still works, at most 7d; left out: 24h')],
    examples: ['key rotate key_01k0g2qz5me93tnsy1xq2zc7ah --overlap 1h'],
    async run({ session, show }, { overlap }, id) {
      const seconds = overlap === undefined ? undefined : toSeconds(overlap, '--overlap')
      const body = seconds === undefined ? {} : { overlap_seconds: seconds }
      const key = await session.tenant.post<WireIssuedApiKey>(
        `/v3/api-keys/${encodeURIComponent(id)}/rotate`,
        body,
      )
      show(key, issuedText(key))
    },
  })

  const revoke = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'revoke',
    plane: 'control',
    description: 'End a key for good, at once.',
    arguments: [['<id>', 'the key: key_…']],
    examples: ['key revoke key_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, _options, id) {
      await session.tenant.delete(`/v3/api-keys/${encodeURIComponent(id)}`)
      show({ id, status: 'revoked' }, `${id} is revoked.`)
    },
  })

  return group(
    'key',
    'API keys of the tenant and of its economies.',
    [create, list, rotate, revoke],
    [
      'key create --name "Game server" --for eco_01k0g2qz5me93tnsy1xq2zc7ah',
      'key rotate key_01k0g2qz5me93tnsy1xq2zc7ah',
    ],
  )
}

function issuedText(key: WireIssuedApiKey): string {
  const shown = fields({
    key: key.id,
    serves: key.economy_id ?? 'the whole tenant',
    expires: key.expires_at ?? 'never',
    secret: key.secret,
    ...(key.signing?.public_key && { 'OST api key': key.signing.public_key }),
    ...(key.signing_secret !== null && { 'signing secret': key.signing_secret }),
  })
  return `${shown}\n\nKeep what is secret now: it is not shown again.`
}
