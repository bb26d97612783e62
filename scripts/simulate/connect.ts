import { UsageError } from '#apps/cli/errors.ts'
import { locateApi } from '#apps/cli/locate-api.ts'
import type { RetryReason } from '#apps/cli/call.ts'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import { type ChainReader, createChainReader } from './chain-reader.ts'
import type { SimulateOptions } from './options.ts'

/** A run's ways to the platform and to the chain. */
export interface Connection {
  /** As the platform's operator, or as nobody where the tenant is given. */
  platform: V3Client
  /** With the key of an existing tenant; undefined: the run makes its own. */
  givenTenant: V3Client | undefined
  chain: ChainReader
  close(): Promise<void>
}

/** How long one request may go on repeating: restarts of the platform in the middle of a run are no reason to give up. */
const PATIENCE_MS = 300_000
const CONNECTIONS_BESIDES = 8

/**
 * @throws UsageError where nothing says how to reach the API or the chain
 * @throws ApiUnreachable at once where nothing answers yet: patience is for later.
 */
export async function connect(
  options: SimulateOptions,
  env: Readonly<Record<string, string | undefined>>,
  onRetry: (reason: RetryReason) => void,
): Promise<Connection> {
  const { url, local } = await locateApi(options.apiUrl, env)
  const rpcUrl = options.rpcUrl ?? local.utilityRpcUrl
  if (rpcUrl === undefined) {
    throw new UsageError(
      "The final check reads the chain itself: name the utility chain's RPC with --rpc-url.",
    )
  }
  await requireAnswer(url)
  const client = createV3Client({
    url,
    connections: options.concurrency + CONNECTIONS_BESIDES,
    patienceMs: PATIENCE_MS,
    patienceUnreachableMs: PATIENCE_MS,
    onRetry,
  })
  const tenantKey = options.apiKey ?? (env['OST_API_KEY'] || undefined)
  const operatorKey = env['OPERATOR_KEY'] || local.operatorKey
  return {
    platform: operatorKey === undefined ? client : client.with({ key: operatorKey }),
    givenTenant: tenantKey === undefined ? undefined : client.with({ key: tenantKey }),
    chain: createChainReader(rpcUrl),
    close: () => client.close(),
  }
}

async function requireAnswer(url: string): Promise<void> {
  const probe = createV3Client({ url })
  try {
    await probe.get('/livez')
  } finally {
    await probe.close()
  }
}
