import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'

/** What `npm start` reads beside src/config.ts, with its defaults; the last group of .env.example. */
export const LOCAL_VARIABLES = {
  LOCAL_POSTGRES_PORT: '25432',
  LOCAL_REDIS_PORT: '26380',
  LOCAL_VALUE_CHAIN_PORT: '28545',
  LOCAL_UTILITY_CHAIN_PORT: '28546',
  LOCAL_DATA_DIR: '.local',
} as const

export type Settings = Readonly<Record<string, string | undefined>>

export type Folders = {
  data: string
  logs: string
  postgres: string
  redis: string
  redisServer: string
  valueChain: string
  utilityChain: string
  secretsFile: string
  demoFile: string
  pidFile: string
}

/** Generated once, kept with the data they protect. */
export type Secrets = {
  keyEncryptionKey: string
  operatorKey: string
  postgresPassword: string
  ownerPassword: string
  appPassword: string
  workerPassword: string
}

export const ROOT = resolve(import.meta.dirname, '../..')

/** The first of the development accounts that anvil funds: published, so worthless anywhere else. */
export const LOCAL_DEPLOYER_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

/** `.env` of the checkout under the environment, which wins. An empty variable counts as not set. */
export async function readSettings(env: Settings = process.env): Promise<Settings> {
  const file = parseEnv(await readFile(join(ROOT, '.env'), 'utf8').catch(() => ''))
  const isSet = ([, value]: [string, string | undefined]) => value !== undefined && value.trim() !== ''
  return Object.fromEntries(
    [LOCAL_VARIABLES, file, env].flatMap((layer) => Object.entries(layer).filter(isSet)),
  )
}

export function foldersIn(dataDir: string): Folders {
  const data = resolve(ROOT, dataDir)
  return {
    data,
    logs: join(data, 'logs'),
    postgres: join(data, 'postgres'),
    redis: join(data, 'redis-data'),
    redisServer: join(ROOT, '.local/redis'),
    valueChain: join(data, 'value-chain'),
    utilityChain: join(data, 'utility-chain'),
    secretsFile: join(data, 'secrets.json'),
    demoFile: join(data, 'demo.json'),
    pidFile: join(data, 'start.pid'),
  }
}

export function localPort(
  settings: Settings,
  name: Exclude<keyof typeof LOCAL_VARIABLES, 'LOCAL_DATA_DIR'>,
): number {
  const port = Number(settings[name])
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new Error(`${name} is "${settings[name]}": use a port number from 1 to 65535.`)
}

export async function ensureSecrets(file: string): Promise<Secrets> {
  const known = await readSecrets(file)
  if (known !== undefined) return known
  const secret = () => randomBytes(32).toString('base64url')
  const secrets: Secrets = {
    keyEncryptionKey: secret(),
    operatorKey: secret(),
    postgresPassword: secret(),
    ownerPassword: secret(),
    appPassword: secret(),
    workerPassword: secret(),
  }
  await writePrivate(file, secrets)
  return secrets
}

/** Readable by its owner only, and whole or not at all. */
export async function writePrivate(file: string, value: unknown): Promise<void> {
  await mkdir(resolve(file, '..'), { recursive: true })
  await writeFile(`${file}.partial`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await chmod(`${file}.partial`, 0o600)
  await rename(`${file}.partial`, file)
}

/** Administrator of the embedded server, when this checkout has one. */
export async function localAdminUrl(): Promise<string | undefined> {
  const settings = await readSettings()
  const { secretsFile } = foldersIn(settings['LOCAL_DATA_DIR'] ?? '.local')
  const secrets = await readSecrets(secretsFile)
  if (secrets === undefined) return undefined
  const port = localPort(settings, 'LOCAL_POSTGRES_PORT')
  return `postgresql://postgres:${secrets.postgresPassword}@127.0.0.1:${port}/postgres`
}

/** What `writePrivate` wrote, if it did. */
export async function readPrivate(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

async function readSecrets(file: string): Promise<Secrets | undefined> {
  // Only ensureSecrets writes this file.
  return (await readPrivate(file)) as Secrets | undefined
}
