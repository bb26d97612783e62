/** Reads the environment once, at the door: everything behind it gets typed values and never looks at `process.env`. */
import { type ChainConfig, readChains } from './config/chains.ts'
import { type Environment, EnvironmentReader } from './config/environment-reader.ts'
import { type PriceFeedConfig, readPriceFeeds } from './config/price-feeds.ts'
import { readTracing, type TracingConfig } from './config/tracing.ts'

export type { Environment } from './config/environment-reader.ts'
export type { ChainConfig, ChainRole } from './config/chains.ts'
export type { PriceFeedConfig } from './config/price-feeds.ts'
export type { TracingConfig } from './config/tracing.ts'

export type LogLevel = (typeof LOG_LEVELS)[number]
export type NodeEnv = (typeof NODE_ENVS)[number]

export type Config = {
  nodeEnv: NodeEnv
  database: {
    /** Role `ost_app`: owns nothing, sees one tenant at a time. */
    url: string
    /** Role `ost_worker`: sees all tenants. Only worker processes have it. */
    workerUrl?: string
    /** Role `ost_owner`: owns the schema. Only the migration step has it. */
    ownerUrl?: string
    /** A role that may create roles and databases. Only the migration step has it, and it may go without. */
    adminUrl?: string
    poolSize: number
    /** Milliseconds that a request waits for a connection, a lock or a silent server before it is refused. */
    patienceMs: number
  }
  redis: { url: string }
  chains: readonly ChainConfig[]
  api: {
    host: string
    port: number
    publicUrl: string
    openSignUp: boolean
    rateLimitPerMinute: number
    bodyLimitBytes: number
    /** Proxies in front of us whose `X-Forwarded-For` entries are believed. */
    trustedProxies: number
  }
  keys: {
    /** 32 bytes that encrypt every stored private key. */
    keyEncryptionKey: Uint8Array
    /** Other keys that still open what was sealed with them: the one before a rotation, or the next one ahead of it. */
    previousKeyEncryptionKeys: readonly Uint8Array[]
    /** Secret of the platform's operator: creates tenants. */
    operatorKey: string
  }
  worker: {
    metricsHost: string
    metricsPort: number
    /** A state root is anchored at least this often, though nobody waits for one: without any for long, holders may leave. */
    anchorIntervalSeconds: number
    /** Relayer keys per utility chain; each carries one batch at a time. */
    relayerLanes: number
    /** A named point at which the worker ends itself with SIGKILL, and how often it gets there first: fault tests only. */
    killAt?: string
  }
  pricing: {
    maxAgeSeconds: number
    /** Hundredths of a percent: a price of a feed further than this from the one before waits for a second one. */
    deviationBpsMax: number
    feeds: readonly PriceFeedConfig[]
    /** Hex private keys of price feeders, which sign what value tokens are worth for the chains' oracles. */
    feederKeys: readonly string[]
  }
  dialects: {
    /** Whether a POST of an OST SDK of 2018 is taken once only: two equal ones in one second look alike. */
    ostV1RefusesRepeats: boolean
    /** Wei of the utility chain's coin that one economy may send in 24 hours. */
    coinBudgetWei: bigint
  }
  graphql: {
    /** Whether the schema may be asked for; the explorer needs it. */
    introspection: boolean
    /** A file of the only documents that run, by their SHA-256. Null: whatever is valid runs. */
    queriesFile: string | null
  }
  webhooks: {
    /** Receivers without TLS. */
    allowHttp: boolean
    /** Receivers on loopback, private and link-local addresses: for local use and closed networks only. */
    allowPrivateNetworks: boolean
  }
  log: { level: LogLevel }
  /** Null: off. */
  tracing: TracingConfig | null
  shutdown: { graceMs: number }
}

/** What a worker process needs on top. */
export type WorkerConfig = Config & { database: { workerUrl: string } }

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const NODE_ENVS = ['development', 'test', 'production'] as const
const OPERATOR_KEY_LENGTH_MIN = 32
const PREVIOUS_KEYS_MAX = 8
const FEEDER_KEYS_MAX = 16

/** The values of `.env.example`, which the whole world knows. */
const PUBLISHED_SECRETS = [
  'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  'local-operator-key-change-me-in-production',
]

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** @throws ConfigError naming every wrong or missing variable and what to do about it. */
export function loadConfig(env: Environment): Config {
  const read = new EnvironmentReader(env)
  const config = readConfig(read)
  if (config.nodeEnv === 'production') refuseLocalSettings(env, config, read.problems)
  if (read.problems.length > 0) throw new ConfigError(read.problems)
  return deepFreeze(config)
}

/** @throws ConfigError as {@link loadConfig} does, and when the worker's own database role is missing. */
export function loadWorkerConfig(env: Environment): WorkerConfig {
  const config = loadConfig(env)
  const { workerUrl } = config.database
  if (workerUrl === undefined) {
    throw new ConfigError([
      'DATABASE_WORKER_URL is not set: a worker needs the PostgreSQL URL of the role ost_worker.',
    ])
  }
  return Object.freeze({ ...config, database: Object.freeze({ ...config.database, workerUrl }) })
}

function readConfig(read: EnvironmentReader): Config {
  const nodeEnv = read.oneOf('NODE_ENV', NODE_ENVS, 'development')
  const workerUrl = read.optionalUrl('DATABASE_WORKER_URL', POSTGRES_PROTOCOLS)
  const ownerUrl = read.optionalUrl('DATABASE_OWNER_URL', POSTGRES_PROTOCOLS)
  const adminUrl = read.optionalUrl('DATABASE_ADMIN_URL', POSTGRES_PROTOCOLS)
  const port = read.integer('API_PORT', { min: 0, max: 65_535, otherwise: 3000 })
  return {
    nodeEnv,
    database: {
      url: read.url('DATABASE_URL', POSTGRES_PROTOCOLS),
      ...(workerUrl !== undefined && { workerUrl }),
      ...(ownerUrl !== undefined && { ownerUrl }),
      ...(adminUrl !== undefined && { adminUrl }),
      poolSize: read.integer('DATABASE_POOL_SIZE', { min: 1, max: 200, otherwise: 10 }),
      patienceMs: read.integer('DATABASE_PATIENCE_MS', { min: 100, max: 60_000, otherwise: 800 }),
    },
    redis: { url: read.url('REDIS_URL', ['redis:', 'rediss:']) },
    chains: readChains(read, 'CHAINS'),
    api: {
      host: read.text('API_HOST', '127.0.0.1'),
      port,
      publicUrl: read.url('PUBLIC_URL', ['http:', 'https:'], `http://localhost:${port}`).replace(/\/+$/, ''),
      openSignUp: read.flag('OPEN_SIGN_UP', false),
      rateLimitPerMinute: read.integer('RATE_LIMIT_PER_MINUTE', {
        min: 1,
        max: 10_000_000,
        otherwise: 6_000,
      }),
      bodyLimitBytes: read.integer('BODY_LIMIT_BYTES', {
        min: 1_024,
        max: 64 * 1024 * 1024,
        otherwise: 1_048_576,
      }),
      trustedProxies: read.integer('TRUSTED_PROXIES', { min: 0, max: 10, otherwise: 0 }),
    },
    keys: {
      keyEncryptionKey: read.key('KEY_ENCRYPTION_KEY'),
      previousKeyEncryptionKeys: read.keys('KEY_ENCRYPTION_KEYS_PREVIOUS', PREVIOUS_KEYS_MAX),
      operatorKey: read.secret('OPERATOR_KEY', OPERATOR_KEY_LENGTH_MIN),
    },
    worker: {
      metricsHost: read.text('WORKER_METRICS_HOST', '127.0.0.1'),
      metricsPort: read.integer('WORKER_METRICS_PORT', { min: 0, max: 65_535, otherwise: 3001 }),
      anchorIntervalSeconds: read.integer('ANCHOR_INTERVAL_SECONDS', {
        min: 1,
        max: 86_400,
        otherwise: 600,
      }),
      relayerLanes: read.integer('RELAYER_LANES', { min: 1, max: 64, otherwise: 2 }),
      ...readKillAt(read),
    },
    pricing: {
      maxAgeSeconds: read.integer('PRICE_MAX_AGE_SECONDS', { min: 1, max: 31_536_000, otherwise: 3_600 }),
      deviationBpsMax: read.integer('PRICE_DEVIATION_MAX_BPS', { min: 1, max: 1_000_000, otherwise: 1_000 }),
      feeds: readPriceFeeds(read, 'PRICE_FEEDS'),
      feederKeys: read.privateKeys('PRICE_FEEDER_KEYS', FEEDER_KEYS_MAX),
    },
    dialects: {
      ostV1RefusesRepeats: read.flag('OST_V1_REFUSES_REPEATS', false),
      coinBudgetWei: read.wei('COIN_BUDGET_WEI', 10n ** 18n),
    },
    graphql: {
      introspection: read.flag('GRAPHQL_INTROSPECTION', true),
      queriesFile: read.text('GRAPHQL_QUERIES_FILE', '') || null,
    },
    webhooks: {
      allowHttp: read.flag('WEBHOOK_ALLOW_HTTP', false),
      allowPrivateNetworks: read.flag('WEBHOOK_ALLOW_PRIVATE_NETWORKS', false),
    },
    log: { level: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info') },
    tracing: readTracing(read),
    shutdown: {
      graceMs: read.integer('SHUTDOWN_GRACE_MS', { min: 0, max: 600_000, otherwise: 10_000 }),
    },
  }
}

function readKillAt(read: EnvironmentReader): { killAt?: string } {
  const killAt = read.text('KILL_AT', '')
  return killAt === '' ? {} : { killAt }
}

function refuseLocalSettings(env: Environment, config: Config, problems: string[]): void {
  if (config.worker.killAt !== undefined)
    problems.push('KILL_AT is set: leave it out in production, it is for fault tests.')
  for (const name of ['KEY_ENCRYPTION_KEY', 'OPERATOR_KEY']) {
    if (PUBLISHED_SECRETS.includes(env[name] ?? '')) {
      problems.push(
        `${name} has the value published in .env.example: generate your own before NODE_ENV=production.`,
      )
    }
  }
}

const POSTGRES_PROTOCOLS = ['postgres:', 'postgresql:']

function deepFreeze<T>(value: T): T {
  // Bytes cannot be frozen; everything else is plain data.
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
