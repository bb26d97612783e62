import { UsageError } from './errors.ts'
import type { LocalStack } from './local-stack.ts'
import { locateApi } from './locate-api.ts'
import type { Terminal } from './terminal.ts'
import { createV3Client, type V3Client } from './v3-client.ts'

/** What every command takes on top of its own options. */
export interface CommonOptions {
  apiUrl?: string
  apiKey?: string
  /** Which economy, where the key serves several. */
  economy?: string
  json?: boolean
}

/** A command's way to the API: with whom it speaks, and as who. */
export interface Session {
  url: string
  /** As the platform's operator; without a key where sign-up is open. */
  platform: V3Client
  /** With a key of the whole tenant. */
  tenant: V3Client
  /** Inside one economy. */
  economy: V3Client
  close(): Promise<void>
}

/**
 * Finds the API and the keys: what was given, else the environment, else what `npm start` left on this machine. Keys of the
 * local stack go to the local stack only.
 *
 * @throws UsageError where nothing says which API, or a command asks for a key that nothing gives.
 */
export async function openSession(terminal: Terminal, options: CommonOptions): Promise<Session> {
  const { env } = terminal
  const { url, local: known } = await locateApi(options.apiUrl, env)
  const client = createV3Client({ url })
  return {
    url,
    get platform() {
      const key = env['OPERATOR_KEY'] || known.operatorKey
      return key === undefined ? client : client.with({ key })
    },
    get tenant() {
      const key = givenKey(options, terminal) ?? known.tenantKey ?? known.apiKey
      return client.with({ key: key ?? refuseWithoutKey(url) })
    },
    get economy() {
      return client.with(economyIdentity(options, terminal, known) ?? refuseWithoutKey(url))
    },
    close: () => client.close(),
  }
}

function givenKey(options: CommonOptions, { env }: Terminal): string | undefined {
  return options.apiKey ?? (env['OST_API_KEY'] || undefined)
}

function economyIdentity(
  options: CommonOptions,
  terminal: Terminal,
  known: LocalStack,
): { key: string; economyId?: string } | undefined {
  const economyId = options.economy ?? (terminal.env['OST_ECONOMY'] || undefined)
  const given = givenKey(options, terminal)
  if (given !== undefined) return { key: given, ...(economyId !== undefined && { economyId }) }
  const isDemo = economyId === undefined || economyId === known.economyId
  if (isDemo && known.apiKey !== undefined) return { key: known.apiKey }
  if (economyId !== undefined && known.tenantKey !== undefined) return { key: known.tenantKey, economyId }
  return undefined
}

function refuseWithoutKey(url: string): never {
  throw new UsageError(
    `No API key is known for ${url}. Give one with --api-key or OST_API_KEY; "ost tenant create" makes a first one.`,
  )
}
