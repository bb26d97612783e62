import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { TypeID } from 'typeid-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireTransaction, WireTransactionBatch } from '#apps/cli/wire.ts'
import { rootOf } from '#adapters/telemetry/trace-ids.ts'
import { createPartner, type Partner, untilAllEnded } from './partner.ts'
import { OPERATOR_KEY, type Platform, startPlatform } from './platform.ts'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
  links?: { traceId: string; spanId: string }[]
  service: string
}

/** A collector: takes OTLP over HTTP and keeps every span. */
async function startSink(): Promise<{ url: string; spans: Span[]; headers: Set<string>; server: Server }> {
  const spans: Span[] = []
  const headers = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      headers.add(String(request.headers['x-collector-key']))
      for (const resource of (JSON.parse(Buffer.concat(chunks).toString()) as Export).resourceSpans) {
        const service = resource.resource.attributes.find(({ key }) => key === 'service.name')
        for (const scope of resource.scopeSpans)
          spans.push(...scope.spans.map((span) => ({ ...span, service: service?.value.stringValue ?? '' })))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, spans, headers, server }
}

interface Export {
  resourceSpans: {
    resource: { attributes: Span['attributes'] }
    scopeSpans: { spans: Omit<Span, 'service'>[] }[]
  }[]
}

const COLLECTOR_KEY = 'collector-secret-0123456789'
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

let sink: Awaited<ReturnType<typeof startSink>>
let platform: Platform
let partner: Partner
let transaction: WireTransaction
let uuid: string
const batchIds: string[] = []

/** One transaction with a caller's trace and one batch, both carried to the end by real processes. */
beforeAll(async () => {
  sink = await startSink()
  platform = await startPlatform({
    blockTimeSeconds: 0.2,
    finalityDepth: 2,
    env: {
      LOG_LEVEL: 'info',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${COLLECTOR_KEY}`,
    },
  })
  partner = await createPartner(platform, { users: 5 })
  const response = await fetch(`${platform.api.url}/v3/transactions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${partner.key.secret}`,
      'content-type': 'application/json',
      'idempotency-key': 'traced',
      'x-request-id': 'request-of-the-test',
      traceparent: TRACEPARENT,
    },
    body: JSON.stringify({ type: 'reward', to_user_id: partner.users[0]?.id, amount: '5' }),
  })
  expect(response.status).toBe(202)
  transaction = (await response.json()) as WireTransaction
  uuid = TypeID.fromString(transaction.id).toUUID()
  const batch = await partner.client.post<WireTransactionBatch>('/v3/transactions/batch', {
    transactions: partner.users.map(({ id }) => ({ type: 'reward', to_user_id: id, amount: '1' })),
  })
  for (const item of batch.data) if (item.transaction) batchIds.push(item.transaction.id)
  await untilAllEnded(partner)
}, 120_000)
afterAll(async () => {
  await platform?.close()
  sink?.server.close()
})

const namesOf = (spans: Span[]) => spans.map(({ name }) => name).toSorted()
const spansOf = (traceId: string) => sink.spans.filter((span) => span.traceId === traceId)
const attribute = (span: Span | undefined, key: string) =>
  span?.attributes.find((entry) => entry.key === key)?.value
const STAGES = [
  'transaction.accept',
  'transaction.broadcast',
  'transaction.confirmed',
  'transaction.settle',
  'transaction.submit',
]

describe('traces', () => {
  it("has every stage of a transaction, from the request to the chain's receipt, in one trace", async () => {
    const { traceId, spanId } = rootOf(uuid)
    await expect.poll(() => namesOf(spansOf(traceId)), { timeout: 10_000 }).toEqual(STAGES)
    const spans = spansOf(traceId)
    const root = spans.find((span) => span.name === 'transaction.accept')
    expect(root).toMatchObject({ spanId, service: 'ost-api' })
    for (const span of spans)
      if (span !== root) expect(span).toMatchObject({ parentSpanId: spanId, service: 'ost-worker' })
    const settled = spans.find((span) => span.name === 'transaction.settle')
    const receipt = await platform.anvil.rpc('eth_getTransactionReceipt', [
      attribute(settled, 'ost.tx_hash')?.stringValue,
    ])
    expect(receipt).toMatchObject({
      status: '0x1',
      blockHash: attribute(settled, 'ost.block_hash')?.stringValue,
    })
  })

  it("keeps the caller's trace, and links it with the transaction's", () => {
    const [, traceId, parentSpanId] = TRACEPARENT.split('-')
    const [request] = spansOf(traceId ?? '')
    expect(request).toMatchObject({ name: 'POST /v3/transactions', parentSpanId, links: [rootOf(uuid)] })
    expect(attribute(request, 'ost.request_id')).toEqual({ stringValue: 'request-of-the-test' })
    const root = spansOf(rootOf(uuid).traceId).find((span) => span.name === 'transaction.accept')
    expect(root?.links).toContainEqual(expect.objectContaining({ traceId, spanId: request?.spanId }))
  })

  it('has a trace per submission, linked with its transactions, and per group commit, linked with its requests', async () => {
    const root = spansOf(rootOf(uuid).traceId)
    const submission = attribute(
      root.find(({ name }) => name === 'transaction.submit'),
      'ost.submission_id',
    )
    const spans = spansOf(rootOf(submission?.stringValue ?? '').traceId)
    expect(namesOf(spans)).toEqual(['submission.broadcast', 'submission.sign'])
    expect(spans.find(({ name }) => name === 'submission.sign')?.links).toContainEqual(
      expect.objectContaining(rootOf(uuid)),
    )
    const commits = sink.spans.filter(({ name }) => name === 'accept.batch')
    expect(commits.flatMap(({ links = [] }) => links.map((link) => link.traceId))).toContain(
      TRACEPARENT.split('-')[1],
    )
    for (const id of batchIds) {
      const { traceId } = rootOf(TypeID.fromString(id).toUUID())
      await expect.poll(() => namesOf(spansOf(traceId)), { timeout: 10_000 }).toEqual(STAGES)
    }
  })

  it('sends what the collector asks for with every export', () => {
    expect([...sink.headers]).toEqual([COLLECTOR_KEY])
  })
})

describe('logs', () => {
  it('tell the way of a transaction to whoever greps its id', async () => {
    const lines = async () =>
      (await platform.logs())
        .split('\n')
        .filter((line) => line.includes(uuid))
        .map(
          (line) =>
            JSON.parse(line) as { event?: string; msg: string; reqId?: string; submissionId?: string },
        )
    await expect
      .poll(async () => (await lines()).map(({ event, msg }) => event ?? msg), { timeout: 5_000 })
      .toEqual(
        expect.arrayContaining(['answered', 'submission.signed', 'ledger.settled', 'transaction.confirmed']),
      )
    const found = await lines()
    expect(found.find(({ msg }) => msg === 'answered')).toMatchObject({ reqId: 'request-of-the-test' })
    const submissionId = found.find(({ event }) => event === 'submission.signed')?.submissionId
    const ofSubmission = (await platform.logs())
      .split('\n')
      .filter((line) => line.includes(String(submissionId)))
    for (const event of ['submission.signed', 'submission.broadcast', 'ledger.settled'])
      expect(
        ofSubmission.some((line) => line.includes(`"event":"${event}"`)),
        event,
      ).toBe(true)
  })

  it('hold no secret', async () => {
    const logs = await platform.logs()
    const rawTxs = await platform.sql<{ hex: string }>(
      "SELECT encode(raw_tx, 'hex') AS hex FROM submission_attempt",
    )
    const jwes = await platform.sql<{ key_jwe: string }>('SELECT key_jwe FROM lane')
    const secrets = [
      OPERATOR_KEY,
      COLLECTOR_KEY,
      partner.key.secret,
      ...rawTxs.map(({ hex }) => hex),
      ...jwes.map(({ key_jwe }) => key_jwe),
    ]
    expect(secrets.length).toBeGreaterThan(5)
    for (const secret of secrets) expect(logs.includes(secret), secret.slice(0, 12)).toBe(false)
    expect(logs).not.toMatch(/Bearer |BEGIN [A-Z ]*PRIVATE/)
  })

  it('say of no metric that it was dropped', async () => {
    expect(await platform.logs()).not.toContain('metric.dropped')
  })
})

describe('metrics, alerts, dashboard and runbook', () => {
  const alerts = readFileSync('infra/prometheus/alerts.yml', 'utf8')
  const dashboard = readFileSync('infra/grafana/ost-kit.json', 'utf8')
  const runbook = readFileSync('docs/runbook.md', 'utf8')
  const alertNames = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? '')

  it('name only metrics that the processes expose', async () => {
    const exposed = new Set<string>()
    for (const url of [platform.api.url, platform.worker.url]) {
      const text = await (await fetch(`${url}/metrics`)).text()
      for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) exposed.add(name ?? '')
    }
    const named = new Set(
      [alerts, dashboard, runbook].flatMap((text) =>
        [...text.matchAll(/\b((?:ost|http|acceptor|process|nodejs)_[a-z0-9_]+)\b/g)].map(([name]) =>
          name.replace(/_(?:bucket|sum|count)$/, (suffix) => (exposed.has(name) ? suffix : '')),
        ),
      ),
    )
    expect(named.size).toBeGreaterThan(40)
    expect([...named].filter((name) => !exposed.has(name) && !ROLES.includes(name))).toEqual([])
  })

  it('has every metric of the platform on the dashboard, in an alert or in the runbook', async () => {
    const text = await (await fetch(`${platform.worker.url}/metrics`)).text()
    const own = [...text.matchAll(/^# TYPE (ost_\S+)/gm)].map(([, name]) => name ?? '')
    expect(own.length).toBeGreaterThan(30)
    const used = alerts + dashboard + runbook
    expect(own.filter((name) => !used.includes(name) && !DETAIL.includes(name))).toEqual([])
  })

  it('explains every alert under its own heading, and points every fault at alerts that exist', () => {
    const headings = [...runbook.matchAll(/^#### (\w+)$/gm)].map(([, name]) => name ?? '')
    expect(headings.toSorted()).toEqual(alertNames.toSorted())
    expect(new Set(alertNames).size).toBe(alertNames.length)
    const rows = [...runbook.matchAll(/^\| (F\d+)? *\| .* \| (.*) \| .* \|$/gm)]
    const faults = rows.flatMap(([, fault]) => fault ?? [])
    expect(faults).toEqual(Array.from({ length: 30 }, (_, index) => `F${index + 1}`))
    for (const [, fault, cell = ''] of rows)
      for (const [name] of cell.matchAll(/\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b/g))
        expect(alertNames, `${fault}`).toContain(name)
  })

  it('knows every metric that is counted through the observer', async () => {
    const { KNOWN_METRICS } = await import('#apps/worker/known-metrics.ts')
    const counted = sources('src')
      .concat(sources('apps/worker'))
      .flatMap((text) =>
        [...text.matchAll(/\.(?:count|gauge)\(\s*'([a-z_]+)'/g)].map(([, name]) => name ?? ''),
      )
    expect(counted.length).toBeGreaterThan(20)
    // The relayers' balances are read from Postgres at every scrape, under the same name.
    const missing = counted.filter((name) => !(name in KNOWN_METRICS) && name !== 'lane_balance_wei')
    expect(missing).toEqual([])
  })
})

/** Of the database: they look like metrics. */
const ROLES = ['ost_owner', 'ost_app', 'ost_worker', 'ost_kit']

/** Too fine for a dashboard: the numbers behind others. */
const DETAIL = [
  'ost_ledger_indexed_block',
  'ost_ledger_final_block',
  'ost_ledger_blocks_behind',
  'ost_ledger_block_age_seconds',
  'ost_ledger_blocks_settled_total',
  'ost_ledger_reorgs_total',
  'ost_chain_halts_total',
  'ost_lane_pauses_total',
  'ost_chain_endpoint_head',
]

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('generated'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
}
