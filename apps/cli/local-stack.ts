import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** What `npm start` leaves behind for programs on the same machine: .local/demo.json and .local/secrets.json. */
export interface LocalStack {
  apiUrl?: string
  /** Of the demo economy. */
  apiKey?: string
  /** Of the demo tenant: its control plane, and every economy of it. */
  tenantKey?: string
  economyId?: string
  operatorKey?: string
  utilityRpcUrl?: string
}

export type Environment = Readonly<Record<string, string | undefined>>

const ROOT = resolve(import.meta.dirname, '../..')
const DATA_DIR_DEFAULT = '.local'

/** Folder of the local stack's data. */
export function localDataDir(env: Environment): string {
  return resolve(ROOT, env['LOCAL_DATA_DIR'] || DATA_DIR_DEFAULT)
}

/** Reads what is there; a file that is missing or half-written counts as absent. */
export async function readLocalStack(env: Environment): Promise<LocalStack> {
  const folder = localDataDir(env)
  const [demo, secrets] = await Promise.all([
    readRecord(join(folder, 'demo.json')),
    readRecord(join(folder, 'secrets.json')),
  ])
  return withoutAbsent({
    apiUrl: textOf(demo['api_url']),
    apiKey: textOf(demo['api_key']),
    tenantKey: textOf(demo['tenant_key']),
    economyId: textOf(demo['economy_id']),
    operatorKey: textOf(secrets['operatorKey']),
    utilityRpcUrl: textOf(demo['utility_rpc_url']),
  })
}

async function readRecord(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(file, 'utf8').catch(() => '')
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function withoutAbsent(values: { [Name in keyof LocalStack]-?: LocalStack[Name] | undefined }): LocalStack {
  const present = Object.entries(values).filter(([, value]) => value !== undefined)
  // The same names with the absent ones left out.
  return Object.fromEntries(present) as LocalStack
}
