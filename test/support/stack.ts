import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client, escapeIdentifier } from 'pg'
import { inject } from 'vitest'
import { type DatabaseUrls, inDatabase } from '#scripts/database-roles.ts'
import { type AnvilOptions, startAnvil } from '#scripts/stack/anvil.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { Processes } from '#scripts/stack/processes.ts'
import { TEMPLATE_DATABASE, type TestStack } from '#scripts/test-stack.ts'

export type TestDatabase = DatabaseUrls & { name: string; adminUrl: string; drop(): Promise<void> }

export type TestRedis = { url: string; prefix: string }

export type TestAnvil = {
  rpcUrl: string
  chainId: number
  /** One JSON-RPC call; throws with the node's message. */
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>
  stop(): Promise<void>
}

/** The stack that the run's global setup provides. */
export function testStack(): TestStack {
  return inject('stack')
}

/** A migrated, empty database of the caller's own, in some 50 ms. Drop it in `afterAll`, after closing its pools. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, template } = testStack()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const owner = new URL(template.ownerUrl).username
  await administer(
    adminUrl,
    `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE} OWNER ${escapeIdentifier(owner)}`,
  )
  return {
    name,
    adminUrl: inDatabase(adminUrl, name),
    ownerUrl: inDatabase(template.ownerUrl, name),
    appUrl: inDatabase(template.appUrl, name),
    workerUrl: inDatabase(template.workerUrl, name),
    drop: () => administer(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

/** An empty logical Redis database that no other running test file has. Database 0 only counts. */
export async function createTestRedis(): Promise<TestRedis> {
  const { redisUrl } = testStack()
  const counter = new Redis(redisUrl, { lazyConnect: true })
  await counter.connect()
  try {
    const databases = Number(((await counter.config('GET', 'databases')) as string[])[1])
    const number = 1 + ((await counter.incr('test-databases')) % (databases - 1))
    await counter.select(number)
    await counter.flushdb()
    return { url: `${redisUrl}/${number}`, prefix: `test-${number}` }
  } finally {
    counter.disconnect()
  }
}

/** A chain of the caller's own, in some 100 ms. Default: one block per second; `manual` mines on request. */
export async function startTestAnvil(
  options: Partial<Pick<AnvilOptions, 'chainId' | 'blockTimeSeconds' | 'dataDir' | 'hardfork'>> = {},
): Promise<TestAnvil> {
  const { chainId = 31_337, blockTimeSeconds = 1, ...rest } = options
  const [port = 0] = await pickFreePorts(1)
  const logs = await mkdtemp(join(tmpdir(), 'ost-kit-anvil-'))
  const processes = new Processes(logs)
  const { rpcUrl } = await startAnvil(processes, { name: 'anvil', chainId, port, blockTimeSeconds, ...rest })
  return {
    rpcUrl,
    chainId,
    rpc: (method, params = []) => callNode(rpcUrl, method, params),
    async stop() {
      await processes.stopAll()
      await rm(logs, { recursive: true, force: true })
    },
  }
}

async function callNode(rpcUrl: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}

async function administer(adminUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
