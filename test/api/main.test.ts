import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { OPERATOR_KEY } from '#test/support/api.ts'
import { createTestDatabase, createTestRedis, type TestDatabase } from '#test/support/stack.ts'

const body = { name: 'Acme', owner: { email: 'ada@example.com', name: 'Ada' } }
const chain = { rpc_urls: ['http://127.0.0.1:1'], block_time_ms: 1000, finality_depth: 3 }

/** The process itself, as it is started in production. */
describe('apps/api/main.ts', () => {
  let database: TestDatabase
  let port: number
  let env: NodeJS.ProcessEnv
  let admin: pg.Client
  const started: ChildProcess[] = []
  beforeAll(async () => {
    database = await createTestDatabase()
    admin = new pg.Client({ connectionString: database.adminUrl })
    await admin.connect()
    ;[port = 0] = await pickFreePorts(1)
    env = {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      DATABASE_URL: database.appUrl,
      // One test holds a lock for as long as it likes.
      DATABASE_PATIENCE_MS: '20000',
      REDIS_URL: (await createTestRedis()).url,
      CHAINS: JSON.stringify([
        { id: 31_001, role: 'value', name: 'value', ...chain },
        { id: 31_002, role: 'utility', name: 'utility', ...chain },
      ]),
      API_PORT: String(port),
      OPERATOR_KEY,
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64url'),
    }
  })
  afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')))
  afterAll(async () => {
    await admin.end()
    await database.drop()
  })

  const start = (overrides: NodeJS.ProcessEnv = {}) => {
    const process_ = spawn(process.execPath, ['apps/api/main.ts'], {
      env: { ...env, ...overrides },
      stdio: 'pipe',
    })
    started.push(process_)
    let output = ''
    for (const stream of [process_.stdout, process_.stderr])
      stream.on('data', (chunk) => (output += String(chunk)))
    return { process: process_, output: () => output }
  }
  const exit = async (child: ChildProcess) => {
    const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    return code
  }
  const createTenant = () =>
    fetch(`http://127.0.0.1:${port}/v3/tenants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  /** The status of /livez, 0 where nobody takes the connection. */
  const live = () =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      ({ status }) => status,
      () => 0,
    )
  const isUp = () => expect.poll(live, { timeout: 20_000 }).toBe(200)

  it('finishes what it has begun when it is told to stop, takes nothing new, and writes no secret into its log', async () => {
    const api = start()
    await isUp()
    const locker = new pg.Client({ connectionString: database.ownerUrl })
    await locker.connect()
    await locker.query('BEGIN; LOCK TABLE member')
    const answer = createTenant()
    await expect
      .poll(
        async () =>
          (
            await admin.query(
              "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
            )
          ).rowCount,
        { timeout: 10_000 },
      )
      .toBeGreaterThan(0)
    api.process.kill('SIGTERM')
    // Only /livez is polled: a request that reached a table before the signal did would wait for the lock, not be refused.
    await expect.poll(live).toBe(0)
    await expect(createTenant()).rejects.toThrow()
    await locker.query('COMMIT')
    await locker.end()
    const { api_key: key } = (await (await answer).json()) as { api_key: { secret: string } }
    expect(key.secret).toMatch(/^ost_test_/)
    expect(await exit(api.process)).toBe(0)
    expect(api.output()).not.toContain(key.secret)
    expect(api.output()).not.toContain(OPERATOR_KEY)
  })

  it('starts without its database and Redis, and says on /readyz what is missing', async () => {
    const api = start({ DATABASE_URL: 'postgresql://x:x@127.0.0.1:1/x', REDIS_URL: 'redis://127.0.0.1:1' })
    await isUp()
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
    expect(ready.status).toBe(503)
    api.process.kill('SIGTERM')
    expect(await exit(api.process)).toBe(0)
  })

  it('names wrong settings and does not start', async () => {
    const api = start({ API_PORT: 'three thousand', OPERATOR_KEY: 'short' })
    expect(await exit(api.process)).toBe(1)
    expect(api.output()).toContain('API_PORT')
    expect(api.output()).toContain('OPERATOR_KEY')
    expect(api.output()).not.toContain('    at ')
  })
})
