/** Reads the environment once, at the door: everything behind it gets typed values and never looks at `process.env`. */

export type ChainRole = 'value' | 'utility'

export type ChainConfig = {
  id: number
  role: ChainRole
  name: string
  /** In order of preference; the next one is used when one does not answer. */
  rpcUrls: readonly string[]
  blockTimeMs: number
  /** Blocks on top of a transaction's block before we call it confirmed. */
  finalityDepth: number
  /** Above this the submitter waits instead of paying; absent: no cap. */
  maxFeeGwei?: number
  /** Hex private key that deploys contracts and funds lanes; absent where this process may not do so. */
  deployerKey?: string
}

/** A source of prices: JSON over http(s) or in a file; pointers (RFC 6901) say where in it. */
export type PriceFeedConfig = {
  currency: (typeof FEED_CURRENCIES)[number]
  source: string
  pointer: string
  asOfPointer?: string
  /** `eco_…`: for one economy. Absent: for every active one. */
  economyId?: string
}

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
    /** Secret of the platform's operator: creates tenants. */
    operatorKey: string
  }
  worker: {
    metricsHost: string
    metricsPort: number
    /** Relayer keys per utility chain; each carries one batch at a time. */
    relayerLanes: number
    /** Lets webhooks go to private and loopback addresses: for local use only. */
  }
  pricing: {
    maxAgeSeconds: number
    feeds: readonly PriceFeedConfig[]
  }
  log: { level: LogLevel }
  shutdown: { graceMs: number }
}

/** What a worker process needs on top. */
export type WorkerConfig = Config & { database: { workerUrl: string } }

export type Environment = Readonly<Record<string, string | undefined>>

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const NODE_ENVS = ['development', 'test', 'production'] as const
const KEY_BYTES = 32
const OPERATOR_KEY_LENGTH_MIN = 32
const CHAINS_MAX = 32
const RPC_URLS_MAX = 8
const FEEDS_MAX = 100
const FEED_CURRENCIES = ['USD', 'EUR', 'GBP'] as const
const FINALITY_DEPTH_MAX = 10_000

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
    },
    redis: { url: read.url('REDIS_URL', ['redis:', 'rediss:']) },
    chains: read.chains('CHAINS'),
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
      operatorKey: read.secret('OPERATOR_KEY', OPERATOR_KEY_LENGTH_MIN),
    },
    worker: {
      metricsHost: read.text('WORKER_METRICS_HOST', '127.0.0.1'),
      metricsPort: read.integer('WORKER_METRICS_PORT', { min: 0, max: 65_535, otherwise: 3001 }),
      relayerLanes: read.integer('RELAYER_LANES', { min: 1, max: 64, otherwise: 2 }),
    },
    pricing: {
      maxAgeSeconds: read.integer('PRICE_MAX_AGE_SECONDS', { min: 1, max: 31_536_000, otherwise: 3_600 }),
      feeds: read.priceFeeds('PRICE_FEEDS'),
    },
    log: { level: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info') },
    shutdown: {
      graceMs: read.integer('SHUTDOWN_GRACE_MS', { min: 0, max: 600_000, otherwise: 10_000 }),
    },
  }
}

function refuseLocalSettings(env: Environment, config: Config, problems: string[]): void {
  for (const name of ['KEY_ENCRYPTION_KEY', 'OPERATOR_KEY']) {
    if (PUBLISHED_SECRETS.includes(env[name] ?? '')) {
      problems.push(
        `${name} has the value published in .env.example: generate your own before NODE_ENV=production.`,
      )
    }
  }
}

const POSTGRES_PROTOCOLS = ['postgres:', 'postgresql:']

type IntegerRange = { min: number; max: number; otherwise: number }

/** Collects problems instead of stopping at the first, so that one start shows everything there is to fix. */
class EnvironmentReader {
  readonly problems: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** An empty variable counts as missing: that is how compose files and CI pass "not set". */
  #raw(name: string): string | undefined {
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  text(name: string, otherwise: string): string {
    return this.#raw(name) ?? otherwise
  }

  secret(name: string, lengthMin: number): string {
    const value = this.#raw(name)
    if (value === undefined) {
      this.problems.push(`${name} is not set: give it a random secret of at least ${lengthMin} characters.`)
      return ''
    }
    if (value.length < lengthMin) {
      this.problems.push(
        `${name} has ${value.length} characters: use a random secret of at least ${lengthMin}.`,
      )
    }
    return value
  }

  key(name: string): Uint8Array {
    const value = this.#raw(name)
    const advice = `make one with: node -p "crypto.randomBytes(${KEY_BYTES}).toString('base64url')"`
    if (value === undefined) {
      this.problems.push(`${name} is not set: ${advice}.`)
      return new Uint8Array(KEY_BYTES)
    }
    const bytes = Buffer.from(value, 'base64url')
    if (!/^[\w-]+$/.test(value) || bytes.length !== KEY_BYTES) {
      this.problems.push(`${name} is not ${KEY_BYTES} bytes in base64url: ${advice}.`)
    }
    return new Uint8Array(bytes)
  }

  oneOf<const T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.#raw(name)
    if (value === undefined) return otherwise
    const choice = choices.find((known) => known === value)
    if (choice === undefined) {
      this.problems.push(`${name} is "${value}": use one of ${choices.join(', ')}.`)
      return otherwise
    }
    return choice
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#raw(name)?.toLowerCase()
    if (value === undefined) return otherwise
    if (value === 'true' || value === '1') return true
    if (value === 'false' || value === '0') return false
    this.problems.push(`${name} is "${value}": use true or false.`)
    return otherwise
  }

  integer(name: string, { min, max, otherwise }: IntegerRange): number {
    const value = this.#raw(name)
    if (value === undefined) return otherwise
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < min || number > max) {
      this.problems.push(`${name} is "${value}": use a whole number from ${min} to ${max}.`)
      return otherwise
    }
    return number
  }

  url(name: string, protocols: readonly string[], otherwise?: string): string {
    const value = this.optionalUrl(name, protocols) ?? otherwise
    if (value !== undefined) return value
    if (this.#raw(name) === undefined) {
      this.problems.push(`${name} is not set: give it a URL that starts with ${protocols[0]}//.`)
    }
    return ''
  }

  /** Never repeats the value: URLs carry passwords. */
  optionalUrl(name: string, protocols: readonly string[]): string | undefined {
    const value = this.#raw(name)
    if (value === undefined) return undefined
    if (isUrl(value, protocols)) return value
    this.problems.push(`${name} is not a URL that starts with ${protocols.join('// or ')}//: correct it.`)
    return undefined
  }

  chains(name: string): readonly ChainConfig[] {
    const value = this.#raw(name)
    if (value === undefined) {
      this.problems.push(
        `${name} is not set: give it a JSON array of chains as .env.example shows, one value and one utility chain at least.`,
      )
      return []
    }
    const parsed = parseJson(value)
    if (!Array.isArray(parsed) || parsed.length > CHAINS_MAX) {
      this.problems.push(
        `${name} is not a JSON array of at most ${CHAINS_MAX} chains: see the example in .env.example.`,
      )
      return []
    }
    const chains = parsed.map((entry: unknown, index) => readChain(entry, `${name}[${index}]`, this.problems))
    const known = chains.filter((chain) => chain !== undefined)
    if (known.length === chains.length) this.problems.push(...problemsBetween(known, name))
    return known
  }

  priceFeeds(name: string): readonly PriceFeedConfig[] {
    const value = this.#raw(name)
    if (value === undefined) return []
    const parsed = parseJson(value)
    if (!Array.isArray(parsed) || parsed.length > FEEDS_MAX) {
      this.problems.push(
        `${name} is not a JSON array of at most ${FEEDS_MAX} feeds: see the example in .env.example.`,
      )
      return []
    }
    const feeds = parsed.map((entry: unknown, index) => readFeed(entry, `${name}[${index}]`, this.problems))
    return feeds.filter((feed) => feed !== undefined)
  }
}

const FEED_FIELDS = ['currency', 'source', 'pointer', 'as_of_pointer', 'economy_id']

function readFeed(entry: unknown, at: string, problems: string[]): PriceFeedConfig | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    problems.push(`${at} is not an object: write {"currency": …, "source": …, "pointer": …}.`)
    return undefined
  }
  const before = problems.length
  const fields: Readonly<Record<string, unknown>> = { ...entry }
  const unknownFields = Object.keys(fields).filter((field) => !FEED_FIELDS.includes(field))
  if (unknownFields.length > 0) {
    problems.push(`${at} has ${unknownFields.join(', ')}, which means nothing here: remove or rename it.`)
  }
  const { source, pointer, as_of_pointer: asOfPointer, economy_id: economyId } = fields
  const currency = FEED_CURRENCIES.find((known) => known === fields['currency'])
  if (currency === undefined) problems.push(`${at}.currency must be one of ${FEED_CURRENCIES.join(', ')}.`)
  if (typeof source !== 'string' || !isUrl(source, ['https:', 'http:', 'file:'])) {
    problems.push(`${at}.source must be an https, http or file URL.`)
  }
  if (!isPointer(pointer)) problems.push(`${at}.pointer must be a JSON pointer such as "/price".`)
  if (asOfPointer !== undefined && !isPointer(asOfPointer)) {
    problems.push(`${at}.as_of_pointer must be a JSON pointer such as "/time"; leave it out for none.`)
  }
  if (
    economyId !== undefined &&
    (typeof economyId !== 'string' || !/^eco_[0-7][0-9a-z]{25}$/.test(economyId))
  ) {
    problems.push(`${at}.economy_id must be an id such as eco_01…; leave it out for every economy.`)
  }
  if (problems.length > before || currency === undefined) return undefined
  // Every check above has passed, so each field has the type its check proves.
  return {
    currency,
    source: source as string,
    pointer: pointer as string,
    ...(typeof asOfPointer === 'string' && { asOfPointer }),
    ...(typeof economyId === 'string' && { economyId }),
  }
}

function isPointer(value: unknown): value is string {
  return typeof value === 'string' && /^(\/([^~/]|~[01])*)*$/.test(value)
}

const CHAIN_FIELDS = [
  'id',
  'role',
  'name',
  'rpc_urls',
  'block_time_ms',
  'finality_depth',
  'max_fee_gwei',
  'deployer_key',
]

function readChain(entry: unknown, at: string, problems: string[]): ChainConfig | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    problems.push(`${at} is not an object: write {"id": …, "role": …, "name": …, "rpc_urls": […], …}.`)
    return undefined
  }
  const before = problems.length
  const fields: Readonly<Record<string, unknown>> = { ...entry }
  const unknownFields = Object.keys(fields).filter((field) => !CHAIN_FIELDS.includes(field))
  if (unknownFields.length > 0) {
    problems.push(`${at} has ${unknownFields.join(', ')}, which means nothing here: remove or rename it.`)
  }

  const { id, role, name, deployer_key: deployerKey, max_fee_gwei: maxFeeGwei } = fields
  const rpcUrls = fields['rpc_urls']
  const blockTimeMs = fields['block_time_ms']
  const finalityDepth = fields['finality_depth']
  if (!isInteger(id, 1, Number.MAX_SAFE_INTEGER)) {
    problems.push(`${at}.id must be the chain's id, a positive whole number.`)
  }
  if (role !== 'value' && role !== 'utility') {
    problems.push(`${at}.role must be "value" or "utility".`)
  }
  if (typeof name !== 'string' || name === '') {
    problems.push(`${at}.name must be a name for people, such as "Ethereum".`)
  }
  if (!isRpcUrls(rpcUrls)) {
    problems.push(`${at}.rpc_urls must hold 1 to ${RPC_URLS_MAX} http(s) URLs.`)
  }
  if (!isInteger(blockTimeMs, 1, 3_600_000)) {
    problems.push(`${at}.block_time_ms must be the usual time between blocks, from 1 to 3600000.`)
  }
  if (!isInteger(finalityDepth, 0, FINALITY_DEPTH_MAX)) {
    problems.push(`${at}.finality_depth must be a number of blocks from 0 to ${FINALITY_DEPTH_MAX}.`)
  }
  if (maxFeeGwei !== undefined && (typeof maxFeeGwei !== 'number' || !(maxFeeGwei > 0))) {
    problems.push(`${at}.max_fee_gwei must be a positive number; leave it out for no cap.`)
  }
  if (deployerKey !== undefined && !isPrivateKey(deployerKey)) {
    problems.push(`${at}.deployer_key must be a private key, 0x and 64 hexadecimal digits.`)
  }
  if (problems.length > before) return undefined
  // Every check above has passed, so each field has the type its check proves.
  return {
    id: id as number,
    role: role as ChainRole,
    name: name as string,
    rpcUrls: rpcUrls as string[],
    blockTimeMs: blockTimeMs as number,
    finalityDepth: finalityDepth as number,
    ...(typeof maxFeeGwei === 'number' && { maxFeeGwei }),
    ...(typeof deployerKey === 'string' && { deployerKey }),
  }
}

function problemsBetween(chains: readonly ChainConfig[], name: string): string[] {
  const problems: string[] = []
  const ids = chains.map((chain) => chain.id)
  const repeated = ids.filter((id, index) => ids.indexOf(id) !== index)
  if (repeated.length > 0) {
    problems.push(`${name} lists chain ${repeated.join(', ')} more than once: keep one entry per id.`)
  }
  for (const role of ['value', 'utility'] as const) {
    if (!chains.some((chain) => chain.role === role)) {
      problems.push(`${name} has no chain of role "${role}": add one.`)
    }
  }
  return problems
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}

function isRpcUrls(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > RPC_URLS_MAX) return false
  return value.every((url) => typeof url === 'string' && isUrl(url, ['http:', 'https:']))
}

function isPrivateKey(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function deepFreeze<T>(value: T): T {
  // Bytes cannot be frozen; everything else is plain data.
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
