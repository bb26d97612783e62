import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ids } from '#adapters/crypto/ids.ts'
import { startApi } from '#test/support/api.ts'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi

beforeAll(async () => {
  api = await startTransactionsApi()
})
afterAll(() => api.close())

const ask = (
  query: string,
  variables: object = {},
  options: { key?: string | null; economy?: string } = {},
) => api.request('POST', '/graphql', { economy: api.economyId, body: { query, variables }, ...options })

const EXECUTE = `mutation ($input: ExecuteTransactionInput!, $key: String!) {
  executeTransaction(input: $input, idempotencyKey: $key) { id status amount commission transfers { kind amount toUserId } }
}`

describe('queries', () => {
  it('read the token, users with balances, and types', async () => {
    const { status, body } = await ask(`{
      token { symbol supply company { available } }
      users(first: 2) { nodes { id type balance { settled available } wallet { custody } } pageInfo { hasNextPage endCursor } }
      transactionTypes { nodes { name kind amount commission { bps } } }
    }`)
    expect(body.errors).toBeUndefined()
    expect([status, body.data.token.supply]).toEqual([200, '11000'])
    expect(body.data.users.nodes).toHaveLength(2)
    expect(body.data.users.pageInfo.hasNextPage).toBe(true)
    expect(body.data.transactionTypes.nodes).toContainEqual({
      name: 'tip',
      kind: 'user_to_user',
      amount: null,
      commission: { bps: 100 },
    })
  })

  it('page through a connection', async () => {
    const first = await ask('{ users(first: 2) { nodes { id } pageInfo { endCursor } } }')
    const after = first.body.data.users.pageInfo.endCursor
    const second = await ask(
      'query ($after: String) { users(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage } } }',
      { after },
    )
    expect(second.body.data.users.nodes).toHaveLength(1)
    expect(second.body.data.users.pageInfo.hasNextPage).toBe(false)
  })

  it('read what a token rule said, version by version', async () => {
    const rule = { name: 'g-rule', expression: 'true', message: 'one' }
    const { body: created } = await api.request('POST', '/v3/token-rules', {
      economy: api.economyId,
      body: rule,
    })
    await api.request('PATCH', `/v3/token-rules/${created.id}`, {
      economy: api.economyId,
      body: { message: 'two' },
    })
    const query = `query ($id: ID!, $after: String) {
      tokenRuleVersions(id: $id, first: 1, after: $after) { nodes { ruleId version message } pageInfo { endCursor } }
    }`
    const newest = (await ask(query, { id: created.id })).body.data.tokenRuleVersions
    expect(newest.nodes).toEqual([{ ruleId: created.id, version: 2, message: 'two' }])
    const oldest = await ask(query, { id: created.id, after: newest.pageInfo.endCursor })
    expect(oldest.body.data.tokenRuleVersions.nodes).toEqual([
      { ruleId: created.id, version: 1, message: 'one' },
    ])
  })

  it('read comparisons of ledger and chain, of this economy only', async () => {
    const hash = `0x${'ab'.repeat(32)}`
    await api.sql(
      `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status, differences)
       VALUES ($1, $2, $3, 7, $4, 3, 'drift', '[{"kind":"supply","expected":"5","found":"7"}]')`,
      [api.economy.economyId, ids.next(), api.economy.tenantId, hash],
    )
    const query =
      '{ reconciliations { nodes { status blockNumber blockHash accounts differences { kind address expected found } } } }'
    expect((await ask(query)).body.data.reconciliations.nodes).toEqual([
      {
        status: 'drift',
        blockNumber: 7,
        blockHash: hash,
        accounts: 3,
        differences: [{ kind: 'supply', address: null, expected: '5', found: '7' }],
      },
    ])
    const other = await api.createTenant()
    const theirs = await api.createEconomy({ key: other.key })
    const seen = await ask(query, {}, { key: other.key, economy: theirs.id })
    expect(seen.body.data.reconciliations.nodes).toEqual([])
  })

  it('read a price point', async () => {
    const { body: price } = await api.request('POST', '/v3/price-points', {
      economy: api.economyId,
      body: { currency: 'GBP', price: '0.5' },
    })
    const { body } = await ask('query ($id: ID!) { pricePoint(id: $id) { currency price } }', {
      id: price.id,
    })
    expect(body.data.pricePoint).toEqual({ currency: 'GBP', price: '0.5' })
  })

  it('refuse a cursor that is none of theirs', async () => {
    const after = Buffer.from('nonsense').toString('base64url')
    const ledger = `{ user(id: "${api.alice}") { ledger(after: "${after}") { nodes { amount } } } }`
    for (const query of [`{ users(after: "${after}") { nodes { id } } }`, ledger]) {
      expect((await ask(query)).body.errors[0].extensions.code).toBe('invalid_cursor')
    }
  })

  it("answer another tenant's id like one that is not there", async () => {
    const other = await api.createTenant()
    const theirs = await api.createEconomy({ key: other.key })
    const { body } = await ask(
      'query ($id: ID!) { user(id: $id) { id } }',
      { id: api.alice },
      { key: other.key, economy: theirs.id },
    )
    const missing = await ask('{ user(id: "usr_01k0g2qz5me93tnsy1xq2zc7ah") { id } }')
    expect(body.errors[0].extensions.code).toBe('user_not_found')
    expect(body.errors[0].message).toBe(missing.body.errors[0].message)
  })
})

describe('text that cannot be kept', () => {
  const refused = (pointer: string) => ({
    body: { errors: [{ extensions: { code: 'invalid_request', errors: [{ pointer }] } }] },
  })
  it.each([
    ['a literal', 'mutation { createUser(input: { name: "a\\u0000b" }) { id } }', {}, '/input/name'],
    [
      'a label in a literal',
      'mutation { createUser(input: { metadata: { note: "a\\u{0}b" } }) { id } }',
      {},
      '/input/metadata/note',
    ],
    ['an argument of a list', '{ users(namePrefix: "a\\u0000") { nodes { id } } }', {}, '/namePrefix'],
    [
      'a variable',
      'mutation ($name: String) { createUser(input: { name: $name }) { id } }',
      { name: 'a\0' },
      '/variables/name',
    ],
  ])('is refused by its place: %s', async (_case, query, variables, pointer) => {
    const before = await api.sql('SELECT count(*) FROM economy_user')
    const answer = await ask(query, variables)
    if (pointer.startsWith('/variables')) expect(answer).toMatchObject({ body: { errors: [{ pointer }] } })
    else expect(answer, JSON.stringify(answer.body)).toMatchObject(refused(pointer))
    expect(await api.sql('SELECT count(*) FROM economy_user')).toEqual(before)
  })
})

describe('a request that is refused as a whole', () => {
  it('401 says how to authenticate, 429 and 503 when to come again', async () => {
    const unknown = await ask('{ tenant { name } }', {}, { key: 'ost_test_nothing' })
    expect([unknown.status, unknown.headers['www-authenticate']]).toEqual([401, 'Bearer realm="OST KIT"'])
    const none = await ask('{ tenant { name } }', {}, { key: null })
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="OST KIT"'])
    const few = await startApi({ env: { RATE_LIMIT_PER_MINUTE: '1' } })
    try {
      const body = { query: '{ tenant { name } }' }
      expect((await few.request('POST', '/graphql', { body })).status).toBe(200)
      const limited = await few.request('POST', '/graphql', { body })
      expect([limited.status, Number(limited.headers['retry-after']) > 0]).toEqual([429, true])
    } finally {
      await few.close()
    }
  })
})

describe('mutations', () => {
  it('execute a transaction once per key', async () => {
    const variables = {
      input: { type: 'tip', fromUserId: api.alice, toUserId: api.bob, amount: '100' },
      key: 'g-1',
    }
    const first = await ask(EXECUTE, variables)
    expect(first.body.data.executeTransaction).toMatchObject({
      status: 'queued',
      amount: '100',
      commission: '1',
    })
    expect((await ask(EXECUTE, variables)).body).toEqual(first.body)
    const reused = await ask(EXECUTE, { ...variables, input: { ...variables.input, amount: '101' } })
    expect(reused.body.errors[0].extensions.code).toBe('idempotency_key_reused')
  })

  it('refuse with the codes and fields of REST', async () => {
    const { status, body } = await ask(EXECUTE, {
      input: { type: 'tip', fromUserId: api.alice, toUserId: api.bob, amount: '999999' },
      key: 'g-2',
    })
    expect([status, body.data]).toEqual([200, null])
    expect(body.errors[0].extensions).toMatchObject({ code: 'insufficient_funds', status: 422 })
  })

  it('decide each of many on its own', async () => {
    const { body } = await ask(
      'mutation ($input: ExecuteTransactionBatchInput!) { executeTransactionBatch(input: $input, idempotencyKey: "g-3") { accepted refused data { index transaction { id } problem { code } } } }',
      {
        input: {
          transactions: ['1', '999999'].map((amount) => ({
            type: 'tip',
            fromUserId: api.alice,
            toUserId: api.bob,
            amount,
          })),
        },
      },
    )
    const batch = body.data.executeTransactionBatch
    expect(batch).toMatchObject({ accepted: 1, refused: 1 })
    expect(batch.data[1]).toMatchObject({
      index: 1,
      transaction: null,
      problem: { code: 'insufficient_funds' },
    })
  })

  it('share idempotency keys with REST', async () => {
    const body = { name: 'Once', external_id: 'g-once' }
    const rest = await api.request('POST', '/v3/users', { economy: api.economyId, once: 'g-shared', body })
    const query =
      'mutation ($input: CreateUserInput) { createUser(input: $input, idempotencyKey: "g-shared") { id } }'
    const again = await ask(query, { input: { name: 'Once', externalId: 'g-once' } })
    expect(again.body.data.createUser.id).toBe(rest.body.id)
    const other = await ask(query, { input: { name: 'Twice' } })
    expect(other.body.errors[0].extensions.code).toBe('idempotency_key_reused')
  })

  it('replay a refusal as a refusal', async () => {
    const taken =
      'mutation { createUser(input: { externalId: "g-once" }, idempotencyKey: "g-refused") { id } }'
    const [first, second] = [await ask(taken), await ask(taken)]
    expect(first.body.errors[0].extensions).toMatchObject({ code: 'external_id_taken', status: 409 })
    expect(second.body.errors[0].extensions.code).toBe('external_id_taken')
    expect(second.body.errors[0].message).toBe(first.body.errors[0].message)
  })

  it('empty a field with null, and leave it alone when it is left out', async () => {
    const { body } = await ask(
      'mutation { createUser(input: { externalId: "g-null", name: "Nell" }) { id } }',
    )
    const update =
      'mutation ($id: ID!, $input: UpdateUserInput) { updateUser(id: $id, input: $input) { name externalId } }'
    const changed = await ask(update, { id: body.data.createUser.id, input: { name: null } })
    expect(changed.body.data.updateUser).toEqual({ name: null, externalId: 'g-null' })
  })

  it('name wrong fields by the words of GraphQL', async () => {
    const { body } = await ask(`mutation { createUser(input: { externalId: "" }) { id } }`)
    expect(body.errors[0].extensions).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/input/externalId' }],
    })
    const page = await ask('{ users(first: 0) { nodes { id } } }')
    expect(page.body.errors[0].extensions.errors[0].pointer).toBe('/first')
  })

  it('wait for a settlement that does not come, as long as asked', async () => {
    const { body } = await ask(
      `mutation { executeTransaction(input: { type: "tip", fromUserId: "${api.alice}", toUserId: "${api.bob}", amount: "1" }, idempotencyKey: "g-wait", waitSeconds: 1) { status } }`,
    )
    expect(body.data.executeTransaction.status).toBe('queued')
  })

  it('end things that answer nothing with true', async () => {
    const key = await api.createKey()
    const { body: keys } = await ask('{ apiKeys(first: 1) { nodes { id } } }')
    const revoked = await ask('mutation ($id: ID!) { revokeApiKey(id: $id) }', {
      id: keys.data.apiKeys.nodes[0].id,
    })
    expect(revoked.body.data).toEqual({ revokeApiKey: true })
    expect((await ask('{ tenant { id } }', {}, { key })).status).toBe(401)
  })

  it('create users and types, and look at them', async () => {
    const { body } = await ask(`mutation {
      createUser(input: { externalId: "g-user", name: "Grace", metadata: { plan: "gold" } }) { id externalId metadata balance { settled } }
      createTransactionType(input: { name: "g-type", kind: user_to_user, amount: "7", commission: { bps: 50 } }) { name amount commission { bps } }
    }`)
    expect(body.errors).toBeUndefined()
    expect(body.data.createUser).toMatchObject({
      externalId: 'g-user',
      metadata: { plan: 'gold' },
      balance: { settled: '0' },
    })
    expect(body.data.createTransactionType).toEqual({ name: 'g-type', amount: '7', commission: { bps: 50 } })
    const taken = await ask('mutation { createUser(input: { externalId: "g-user" }) { id } }')
    expect(taken.body.errors[0].extensions.code).toBe('external_id_taken')
  })
})

describe('bounds', () => {
  it('needs a key, and the scope of each field', async () => {
    expect((await ask('{ token { name } }', {}, { key: null })).status).toBe(401)
    expect((await ask('{ token { name } }', {}, { key: 'ost_test_nothing' })).status).toBe(401)
    const key = await api.createKey({ scopes: ['users:read'] })
    const { body } = await ask('{ users { nodes { id } } token { name } }', {}, { key })
    expect(body.errors[0].extensions.code).toBe('scope_missing')
  })

  it('needs an economy for what is inside one', async () => {
    const { body } = await api.request('POST', '/graphql', {
      body: { query: '{ tenant { name } token { name } }' },
    })
    expect(body.errors[0].extensions.code).toBe('economy_required')
  })

  it('refuses documents that do not validate, are too deep or ask for too much', async () => {
    const tooDeep = `{ __schema { types { fields { type ${'{ ofType '.repeat(15)}{ name }${' }'.repeat(15)} } } } }`
    expect((await ask('{ nothing }')).status).toBe(400)
    expect((await ask(tooDeep)).status).toBe(400)
    const { body } = await ask('{ users(first: 101) { nodes { id } } }')
    expect(body.errors[0].extensions.code).toBe('invalid_request')
    const aliases = Array.from({ length: 31 }, (_one, index) => `t${index}: token { name }`).join(' ')
    expect((await ask(`{ ${aliases} }`)).body.errors[0].message).toContain('31 aliases')
    const words = `{ ${'token { name } '.repeat(1_200)} }`
    expect((await ask(words)).body.errors[0].message).toMatch(/tokens/)
    const costly =
      '{ users(first: 100) { nodes { ledger(first: 100) { nodes { amount counterparty { user { name } } } } } } }'
    const refused = await ask(costly)
    expect(refused.status).toBe(400)
    expect(refused.body.errors[0].extensions).toMatchObject({
      code: 'query_too_costly',
      details: { max: 15_000 },
    })
    const fragment = 'query { ...a } fragment a on Query { ...b } fragment b on Query { ...a }'
    expect((await ask(fragment)).status).toBe(400)
  })

  it('tells what an operation costs', async () => {
    const { body } = await ask('{ users(first: 10) { nodes { id name } } }')
    expect(body.extensions.cost).toEqual({ requested: 31, max: 15_000 })
  })

  it('answers the introspection query of explorers', async () => {
    const { status, body } = await ask(getIntrospectionQuery())
    expect([status, body.data.__schema.queryType.name]).toEqual([200, 'Query'])
  })
})

describe('persisted queries', () => {
  const query = '{ tenant { name } }'
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const send = (body: object, from: Pick<TransactionsApi, 'request'> = api) =>
    from.request('POST', '/graphql', { body })
  const named = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hash(text) } } })

  it('run by their hash once they were sent with it', async () => {
    const unknown = await send(named(query))
    expect(unknown.body.errors[0]).toMatchObject({
      message: 'PersistedQueryNotFound',
      extensions: { code: 'persisted_query_not_found' },
    })
    expect((await send({ query, ...named(query) })).body.data.tenant.name).toBe('Acme')
    expect((await send(named(query))).body.data.tenant.name).toBe('Acme')
  })

  it('are refused under a hash that is not theirs', async () => {
    const wrong = await send({ query, ...named('something else') })
    expect(wrong.body.errors[0].extensions.code).toBe('invalid_request')
    expect((await send({})).body.errors[0].extensions.code).toBe('invalid_request')
  })

  it('are the only ones that run where there is a list, and the schema stays closed where introspection is off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ost-queries-'))
    const file = join(folder, 'queries.json')
    const introspection = '{ __schema { queryType { name } } }'
    await writeFile(file, JSON.stringify({ [hash(query)]: query, [hash(introspection)]: introspection }))
    const closed = await startApi({ env: { GRAPHQL_QUERIES_FILE: file, GRAPHQL_INTROSPECTION: 'false' } })
    try {
      expect((await send(named(query), closed)).body.data.tenant.name).toBe('Acme')
      expect((await send({ query }, closed)).body.data.tenant.name).toBe('Acme')
      const other = await send({ query: '{ tenant { id } }' }, closed)
      expect(other.body.errors[0].extensions.code).toBe('query_not_listed')
      const schema = await send({ query: introspection }, closed)
      expect(schema.body.errors[0].message).toContain('introspection')
    } finally {
      await closed.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('GET /graphiql', () => {
  it('serves the explorer and everything it needs from this server', async () => {
    const page = await api.request('GET', '/graphiql', { key: null })
    expect(page.status).toBe(200)
    const assets = [...String(page.body).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? '')
    expect(assets.length).toBeGreaterThan(4)
    for (const asset of assets) {
      expect(asset.startsWith('/graphiql/assets/')).toBe(true)
      expect((await api.request('GET', asset, { key: null })).status).toBe(200)
    }
  })
})
