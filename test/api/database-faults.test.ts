import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ids } from '#adapters/crypto/ids.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { OPERATOR_KEY, TEST_CHAIN } from '#test/support/api.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { createTestDatabase, createTestRedis, type TestDatabase } from '#test/support/stack.ts'
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts'
import { until } from '#test/worker/redis-server.ts'

/** Milliseconds. A client that is refused hears so within a second; the rest is this machine's own slowness. */
const ANSWER_MS_MAX = 1_000
const SLACK_MS = 500

const chain = { rpc_urls: ['http://127.0.0.1:1'], block_time_ms: 1000, finality_depth: 3 }

/** The process as in production, on a real Postgres behind a line that can fail. */
describe('an api whose Postgres fails', () => {
  let database: TestDatabase
  let line: TcpProxy
  let owner: pg.Pool
  let admin: pg.Pool
  let api: ChildProcess
  let url: string
  let key: string
  let economy: string
  let output = ''

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
    admin = new pg.Pool({ connectionString: database.adminUrl, max: 1 })
    for (const pool of [owner, admin]) pool.on('error', () => {})
    await insertChain()
    const server = new URL(database.appUrl)
    line = await startTcpProxy({ host: server.hostname, port: Number(server.port) })
    server.port = String(line.port)
    const [port = 0] = await pickFreePorts(1)
    url = `http://127.0.0.1:${port}`
    api = spawn(process.execPath, ['apps/api/main.ts'], {
      stdio: 'pipe',
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'test',
        DATABASE_URL: server.href,
        DATABASE_POOL_SIZE: '4',
        REDIS_URL: (await createTestRedis()).url,
        CHAINS: JSON.stringify([
          { id: 31_001, role: 'value', name: 'value', ...chain },
          { id: TEST_CHAIN, role: 'utility', name: 'utility', ...chain },
        ]),
        API_PORT: String(port),
        OPERATOR_KEY,
        KEY_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64url'),
      },
    })
    for (const stream of [api.stdout, api.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
    await until('the api is up', async () => (await statusOf('/livez')) === 200, 20_000)
    key = OPERATOR_KEY
    const tenant = await send('POST', '/v3/tenants', {
      name: 'Acme',
      owner: { email: 'ada@example.com', name: 'Ada' },
    })
    key = (tenant.body as { api_key: { secret: string } }).api_key.secret
    const created = await send('POST', '/v3/economies', { name: 'Acme Coin', symbol: 'ACM' })
    expect(created.status, JSON.stringify(created.body)).toBe(202)
    economy = (created.body as { id: string }).id
    await owner.query("UPDATE economy SET status = 'active'")
  })
  afterEach(async () => {
    const isWell = async () => (await all()).every(({ status }, index) => status === WELL[index])
    await until('all is well again', isWell)
  })
  afterAll(async () => {
    api?.kill('SIGKILL')
    await line?.close()
    await Promise.allSettled([owner.end(), admin.end()])
    await database.drop()
  })

  async function insertChain(): Promise<void> {
    await owner.query(
      `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES ($1, 'utility', 'utility', 1000, 3, $2)`,
      [TEST_CHAIN, JSON.stringify(fakeChain().contracts)],
    )
    await owner.query('INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, $2, $3, $4)', [
      ids.next(),
      TEST_CHAIN,
      `0x${randomBytes(20).toString('hex')}`,
      'x',
    ])
  }

  interface Answer {
    status: number
    retryAfter: string | null
    ms: number
    body: unknown
  }

  async function send(method: string, path: string, body?: unknown): Promise<Answer> {
    const startedAt = performance.now()
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(economy && { 'ost-economy': economy }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        'idempotency-key': randomBytes(8).toString('hex'),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    })
    const text = await response.text()
    const { status, headers } = response
    return {
      status,
      retryAfter: headers.get('retry-after'),
      ms: performance.now() - startedAt,
      body: JSON.parse(text),
    }
  }

  const statusOf = (path: string) =>
    fetch(`${url}${path}`).then(
      ({ status }) => status,
      () => 0,
    )
  const member = () =>
    send('POST', '/v3/members', {
      email: `${randomBytes(4).toString('hex')}@a.com`,
      name: 'x',
      role: 'viewer',
    })
  const list = () => send('GET', '/v3/users')
  const transfer = () => send('POST', '/v3/transactions', { type: 'none', amount: '1' })
  /** One of each way to the database: Prisma, a plain read, the acceptor's raw transaction. */
  const all = () => Promise.all([member(), list(), transfer()])
  /** What they answer when all is well; the transaction type does not exist. */
  const WELL = [201, 200, 404]

  function expectRefused(answers: readonly Answer[]): void {
    for (const { status, retryAfter, ms, body } of answers) {
      expect(status, JSON.stringify(body)).toBe(503)
      expect(retryAfter).toBe('1')
      expect(ms).toBeLessThan(ANSWER_MS_MAX + SLACK_MS)
    }
  }

  const terminate = () =>
    admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'ost-api%'",
      [database.name],
    )

  it('503 within a second while the server stands still, for those under way and those who come then', async () => {
    line.freeze()
    expectRefused(await all())
    const later = await all()
    expectRefused(later)
    expect(Math.max(...later.map(({ ms }) => ms))).toBeLessThan(500)
    line.thaw()
  })

  it('503 while the server is gone', async () => {
    await line.goAway()
    expectRefused(await all())
    expectRefused(await all())
    await line.comeBack()
  })

  it('never 500 while connections are terminated again and again', async () => {
    const statuses = new Set<number>()
    for (let round = 0; round < 15; round += 1) {
      const answers = Promise.all([all(), all()])
      await terminate()
      for (const { status, ms } of (await answers).flat()) {
        statuses.add(status)
        expect(ms).toBeLessThan(ANSWER_MS_MAX + SLACK_MS)
      }
    }
    for (const status of statuses) expect([...WELL, 503]).toContain(status)
  })

  it('503 while the server takes no more connections', async () => {
    await admin.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 0`)
    await terminate()
    expectRefused(await all())
    await admin.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT -1`)
  })

  it('503 for writes on a standby, and reads go on', async () => {
    await admin.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`)
    await terminate()
    const [write, read] = await all()
    expectRefused([write])
    expect([200, 503]).toContain(read.status)
    expect((await list()).status).toBe(200)
    await admin.query(`ALTER DATABASE ${database.name} RESET default_transaction_read_only`)
    await terminate()
  })

  it.each(['53100', '53200', '58030'])('503 when the server says %s', async (code) => {
    await owner.query(
      `CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '${code}'; END $$`,
    )
    await owner.query('CREATE TRIGGER break BEFORE INSERT ON member FOR EACH ROW EXECUTE FUNCTION break()')
    await owner.query(
      'CREATE TRIGGER break BEFORE INSERT ON idempotency_record FOR EACH ROW EXECUTE FUNCTION break()',
    )
    const [write, , money] = await all()
    expectRefused([write, money])
    await owner.query('DROP FUNCTION break() CASCADE')
  })

  it('503 within a second when a row or table is locked for longer', async () => {
    const client = await owner.connect()
    await client.query('BEGIN; LOCK TABLE member; LOCK TABLE idempotency_record')
    const [write, read, money] = await all()
    expectRefused([write, money])
    expect(read.status).toBe(200)
    await client.query('COMMIT')
    client.release()
  })

  it('503 within a second when all connections are taken', async () => {
    const client = await owner.connect()
    await client.query('BEGIN; LOCK TABLE economy_user')
    const answers = await Promise.all(Array.from({ length: 12 }, list))
    expectRefused(answers)
    await client.query('COMMIT')
    client.release()
  })

  it('says on /readyz what is missing, within a second, and hangs never', async () => {
    line.freeze()
    const startedAt = performance.now()
    const answer = await send('GET', '/readyz')
    expect(performance.now() - startedAt).toBeLessThan(ANSWER_MS_MAX + SLACK_MS)
    expect(answer.status).toBe(503)
    expect(answer.body).toMatchObject({
      status: 'not_ready',
      checks: [{ name: 'postgres', status: 'failed' }, { name: 'redis', status: 'ok' }, { name: 'chains' }],
    })
    line.thaw()
  })

  it('has logged no failure that it did not expect', () => {
    expect(output).not.toContain('a request failed unexpectedly')
  })
})
