import {
  buildClientSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { undescribed } from '#apps/api/graphql/schema/descriptions.ts'
import { queryName } from '#apps/api/graphql/names.ts'
import { seedTransactions, startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi
let schema: GraphQLSchema
beforeAll(async () => {
  api = await startTransactionsApi()
  const { body } = await ask(getIntrospectionQuery())
  schema = buildClientSchema(body.data)
})
afterAll(() => api.close())

const ask = (query: string, variables: object = {}) =>
  api.request('POST', '/graphql', { economy: api.economyId, body: { query, variables } })

/** Routes of /v3 without a counterpart: their plane says why (apps/api/graphql/schema/build-schema.ts, OUTSIDE). */
const WITHOUT = /^\/v3\/(platform\/|tenants$)/

describe('the schema', () => {
  it('has a query or a mutation for every route of /v3 that is a tenant’s', async () => {
    const { body } = await api.request('GET', '/openapi.json', { key: null })
    const paths = Object.entries(body.paths as Record<string, Record<string, { operationId: string }>>)
    const routes = paths.flatMap(([path, methods]) =>
      Object.values(methods).map(({ operationId }) => ({ path, operationId })),
    )
    const ours = routes.filter(({ path }) => path.startsWith('/v3/') && !WITHOUT.test(path))
    expect(ours.length).toBeGreaterThan(50)
    const reads = schema.getQueryType()?.getFields() ?? {}
    const writes = schema.getMutationType()?.getFields() ?? {}
    const lacking = ours.filter(({ operationId }) => !reads[queryName(operationId)] && !writes[operationId])
    expect(lacking).toEqual([])
  })

  it('explains every type, field and argument', () => {
    expect([...undescribed]).toEqual([])
    const bare: string[] = []
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__')) continue
      if (!type.description) bare.push(type.name)
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
      for (const field of Object.values(type.getFields())) {
        if (!field.description) bare.push(`${type.name}.${field.name}`)
        const args = 'args' in field ? field.args : []
        for (const arg of args) if (!arg.description) bare.push(`${type.name}.${field.name}(${arg.name})`)
      }
    }
    expect(bare).toEqual([])
  })

  it('has lists as connections after the Relay specification', () => {
    const connections = Object.values(schema.getTypeMap()).filter(({ name }) => name.endsWith('Connection'))
    expect(connections.length).toBeGreaterThan(12)
    for (const type of connections) {
      const fields = isObjectType(type) ? Object.keys(type.getFields()) : []
      expect([type.name, fields]).toEqual([type.name, ['edges', 'nodes', 'pageInfo']])
    }
  })
})

describe('connections', () => {
  it('have a cursor for each edge, from which the list goes on, and REST’s cursors for the whole page', async () => {
    await seedTransactions(api)
    const lists = ['transactions', 'users', 'transactionTypes', 'events', 'auditLog', 'apiKeys']
    for (const list of lists) {
      const query = `query ($after: String) { ${list}(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
      const first = (await ask(query)).body.data[list]
      expect([list, first.pageInfo]).toMatchObject([
        list,
        {
          hasPreviousPage: false,
          startCursor: first.edges[0].cursor,
          endCursor: first.edges.at(-1).cursor,
        },
      ])
      const second = (await ask(query, { after: first.edges[0].cursor })).body.data[list]
      expect([list, second.edges[0]]).toEqual([list, first.edges[1]])
      expect(second.pageInfo.hasPreviousPage).toBe(true)
    }
    const rest = await api.request('GET', '/v3/transactions?limit=2', { economy: api.economyId })
    const same = await ask('{ transactions(first: 2) { pageInfo { endCursor } } }')
    expect(same.body.data.transactions.pageInfo.endCursor).toBe(rest.body.next_cursor)
  })

  it('filter as REST does', async () => {
    const { body } = await ask(
      'query ($from: ID!) { transactions(fromUserId: $from, metadata: { order: "A-1" }, status: queued, order: asc) { nodes { amount metadata } } }',
      { from: api.alice },
    )
    expect(body.errors).toBeUndefined()
    expect(body.data.transactions.nodes.map(({ amount }: { amount: string }) => amount)).toEqual(['10', '40'])
  })
})

describe('nodes', () => {
  it('are found by their ids alone', async () => {
    const query =
      'query ($id: ID!) { node(id: $id) { __typename id ... on User { name } ... on Economy { symbol } } }'
    expect((await ask(query, { id: api.alice })).body.data.node).toMatchObject({
      __typename: 'User',
      id: api.alice,
    })
    expect((await ask(query, { id: api.economyId })).body.data.node.__typename).toBe('Economy')
    expect((await ask(query, { id: 'xyz_1' })).body.data.node).toBeNull()
    const missing = await ask(query, { id: 'usr_01k0g2qz5me93tnsy1xq2zc7ah' })
    expect(missing.body.errors[0].extensions.code).toBe('user_not_found')
  })
})

describe('nested lists', () => {
  const NESTED = `query ($first: Int!) {
    transactions(first: $first) { nodes { id
      type { name } fromUser { name balance { available } ledger(first: 3) { nodes { amount counterparty { user { name } } } } }
      toUser { name balance { available } ledger(first: 3) { nodes { amount } } } } }
    users(first: $first) { nodes { id balance { settled } ledger(first: 2) { edges { cursor node { amount } } } } } }`

  it('take as many statements for many nodes as for few', async () => {
    for (let index = 0; index < 3; index += 1)
      await ask(`mutation { createUsers(input: { users: [${'{ name: "N" } '.repeat(10)}] }) { created } }`)
    await seedTransactions(api)
    await ask(NESTED, { first: 2 })
    const few = await statements(() => ask(NESTED, { first: 2 }))
    const many = await statements(() => ask(NESTED, { first: 40 }))
    expect(many.answer.body.errors).toBeUndefined()
    expect(many.answer.body.data.users.nodes.length).toBeGreaterThan(25)
    // Reads of a turn share a statement, and how many turns there are varies a little.
    expect(many.count).toBeLessThan(few.count + SLACK)
  })

  it('go on in a user’s ledger with the cursors of its edges', async () => {
    const query =
      'query ($id: ID!, $after: String) { user(id: $id) { ledger(first: 1, after: $after) { edges { cursor } pageInfo { hasNextPage } } } }'
    const { body } = await ask(query, { id: api.alice })
    expect(body.errors).toBeUndefined()
    for (const { cursor } of body.data.user.ledger.edges) {
      const next = await ask(query, { id: api.alice, after: cursor })
      expect(next.body.errors).toBeUndefined()
      expect(next.body.data.user.ledger.edges).not.toContainEqual({ cursor })
    }
  })
})

/** Far less than one for each of the nodes that come on top. */
const SLACK = 12

/** How many statements `work` sends to Postgres, over whichever client. */
async function statements<Answer>(work: () => Promise<Answer>): Promise<{ answer: Answer; count: number }> {
  // Taken off to be put back.
  // oxlint-disable-next-line typescript/unbound-method
  const { query } = pg.Client.prototype
  let count = 0
  // Counted on its way; every call goes through unchanged.
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    count += 1
    return Reflect.apply(query, this, args)
  } as typeof query
  try {
    return { answer: await work(), count }
  } finally {
    pg.Client.prototype.query = query
  }
}
