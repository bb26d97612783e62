import type { EnvironmentReader } from './environment-reader.ts'
import { isUrl } from './json.ts'

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

const CHAINS_MAX = 32
const RPC_URLS_MAX = 8
const FINALITY_DEPTH_MAX = 10_000

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

/** The chains the platform serves; what is wrong goes into the reader's problems. */
export function readChains(read: EnvironmentReader, name: string): readonly ChainConfig[] {
  const entries = read.jsonArray(name, CHAINS_MAX)
  if (entries === undefined) return []
  if (entries === null) {
    read.problems.push(
      `${name} is not set: give it a JSON array of chains as .env.example shows, one value and one utility chain at least.`,
    )
    return []
  }
  const chains = entries.map((entry, index) => readChain(entry, `${name}[${index}]`, read.problems))
  const known = chains.filter((chain) => chain !== undefined)
  if (known.length === chains.length) read.problems.push(...problemsBetween(known, name))
  return known
}

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
