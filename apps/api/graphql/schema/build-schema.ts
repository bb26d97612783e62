import assert from 'node:assert'
import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql'
import { PAGE_LIMIT_DEFAULT } from '#core/shared/page.ts'
import type { List } from '../../plugins/pagination.ts'
import { WAIT_SECONDS_MAX } from '../../schemas/transactions.ts'
import { COST_OF_WRITE, pageCost } from '../bounds.ts'
import type { GraphqlContext } from '../context.ts'
import { linksWith } from '../links.ts'
import { camelCase, pascalCase, queryName } from '../names.ts'
import { callOperation, type Operation } from '../operations.ts'
import { subscriptionFields } from '../subscriptions.ts'
import { Connections, toConnection } from './connections.ts'
import { toBody } from './convert-input.ts'
import { fieldDescription } from './descriptions.ts'
import { type Json, resourceOf } from './json-schema.ts'
import { MetadataScalar } from './scalars.ts'
import { TypeBook } from './type-book.ts'

type Field = GraphQLFieldConfig<unknown, GraphqlContext>
type Args = Record<string, unknown>

/** Planes whose routes have no counterpart here, and why. */
export const OUTSIDE = {
  platform:
    'the operator’s routes take the operator key, which no browser or app should hold; sign-up happens before there is a key',
  public: 'health and the descriptions of the API are for machines that speak no GraphQL',
} as const

/** The whole schema, from the declarations of /v3's routes: a route that is added there is here too. */
export function buildSchema(operations: ReadonlyMap<string, Operation>): GraphQLSchema {
  const ours = [...operations.values()].filter(({ config }) => !(String(config.plane) in OUTSIDE))
  const nodeReads = ours.filter(isNodeRead)
  const connections = new Connections()
  const nodes = nodeReads.map(({ answer }) => resourceOf(answer ?? {}) ?? '')
  const book = new TypeBook(linksWith(connections), new Set(nodes))
  const query: GraphQLFieldConfigMap<unknown, GraphqlContext> = {}
  const mutation: GraphQLFieldConfigMap<unknown, GraphqlContext> = {}
  // Reads of single things first, so that a resource's plain shape has its name.
  for (const operation of [...ours].sort((a, b) => rank(a) - rank(b))) {
    const field = isList(operation)
      ? listField(book, connections, operation)
      : plainField(book, operation, isRead(operation))
    if (isRead(operation)) query[queryName(operation.id)] = field
    else mutation[operation.id] = field
  }
  query['node'] = nodeField(book, nodeReads)
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', description: 'Every read.', fields: sorted(query) }),
    mutation: new GraphQLObjectType({
      name: 'Mutation',
      description:
        'Every write. An idempotency key means the same here as over REST, and replays what was made over either.',
      fields: sorted(mutation),
    }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      description: 'What happens, as it happens, over a WebSocket (graphql-transport-ws).',
      fields: subscriptionFields(book, connections),
    }),
    types: nodes.map((name) => book.resource(name)),
  })
}

const isDryRun = ({ path }: Operation) => path.endsWith('/dry-run')
const isRead = (operation: Operation) => operation.method === 'GET' || isDryRun(operation)
const isList = ({ answer }: Operation) => answer?.properties?.['object']?.const === 'list'
const isNodeRead = ({ method, path, answer }: Operation) =>
  method === 'GET' && /^\/v3\/[a-z-]+\/:id$/.test(path) && answer?.properties?.['id'] !== undefined

function rank(operation: Operation): number {
  if (isNodeRead(operation)) return 0
  // What is tried without doing it takes its shapes from doing it.
  if (isDryRun(operation)) return 3
  return isRead(operation) ? 1 : 2
}

function describe({ summary, description, config }: Operation): string {
  const needs = config.scope ? `Scope: \`${config.scope}\`.` : ''
  return [`${summary}.`, description, needs].filter(Boolean).join('\n\n')
}

function paramArgs({ params }: Operation): GraphQLFieldConfigArgumentMap {
  return Object.fromEntries(
    Object.entries(params?.properties ?? {}).map(([name, part]) => [
      camelCase(name),
      { type: new GraphQLNonNull(GraphQLID), description: fieldDescription('', name, part) },
    ]),
  )
}

function paramsOf({ params }: Operation, args: Args): Record<string, string> {
  return Object.fromEntries(
    Object.keys(params?.properties ?? {}).map((name) => [name, String(args[camelCase(name)])]),
  )
}

function plainField(book: TypeBook, operation: Operation, isRead: boolean): Field {
  const { body, answer, config } = operation
  const hint = pascalCase(operation.id)
  const args = { ...paramArgs(operation), ...queryArgs(book, operation) }
  if (body) {
    const type = book.input(body, hint)
    const isNeeded = (body.required ?? []).some((name) => body.properties?.[name]?.default === undefined)
    args['input'] = { type: isNeeded ? new GraphQLNonNull(type) : type, description: 'What to do it with.' }
  }
  if (!isRead && operation.method === 'POST' && config.idempotency !== 'none') {
    args['idempotencyKey'] = {
      type: config.idempotency === 'required' ? new GraphQLNonNull(GraphQLString) : GraphQLString,
      description:
        'A new one for each intent; the same key again answers with the first result, here and over REST.',
    }
  }
  if (operation.id === 'executeTransaction') {
    args['waitSeconds'] = {
      type: GraphQLInt,
      description: `Wait so long, at most ${WAIT_SECONDS_MAX} seconds, for the ledger to settle it before answering.`,
    }
  }
  return {
    type: answer === null ? new GraphQLNonNull(GraphQLBoolean) : book.output(answer, hint),
    description: describe(operation),
    args,
    extensions: isRead ? {} : { complexity: COST_OF_WRITE },
    resolve: async (_root, given: Args, context) => {
      const answered = await callOperation(context, operation, {
        params: paramsOf(operation, given),
        query: queryOf(operation, given),
        ...(body && { body: toBody(body, given['input'] ?? {}) }),
        idempotencyKey: textOf(given['idempotencyKey']),
        waitSeconds: typeof given['waitSeconds'] === 'number' ? given['waitSeconds'] : null,
      })
      return answer === null ? true : answered
    },
  }
}

function listField(book: TypeBook, connections: Connections, operation: Operation): Field {
  const items = operation.answer?.properties?.['data']?.items
  assert(items, `${operation.id} lists nothing`)
  const node = book.output(items, `${pascalCase(operation.id)}Item`)
  // A list that is always whole needs no pages.
  if (!operation.query?.properties?.['limit']) return wholeList(operation, node)
  return {
    type: new GraphQLNonNull(connections.of(node)),
    description: describe(operation),
    args: { ...paramArgs(operation), ...queryArgs(book, operation) },
    extensions: { complexity: pageCost },
    resolve: async (_root, given: Args, context) => {
      const call = { params: paramsOf(operation, given), query: queryOf(operation, given) }
      // A route whose answer is declared a list answers one.
      return toConnection(
        (await callOperation(context, operation, call)) as List,
        typeof given['after'] === 'string',
      )
    },
  }
}

function wholeList(operation: Operation, node: GraphQLOutputType): Field {
  return {
    type: new GraphQLNonNull(new GraphQLList(node)),
    description: describe(operation),
    args: paramArgs(operation),
    // A route whose answer is declared a list answers one.
    resolve: async (_root, given: Args, context) =>
      ((await callOperation(context, operation, { params: paramsOf(operation, given) })) as List).data,
  }
}

const PAGING: Readonly<Record<string, string>> = { limit: 'first', cursor: 'after' }
const argumentName = (name: string) => PAGING[name] ?? camelCase(name)

function queryArgs(book: TypeBook, { query, id, answer }: Operation): GraphQLFieldConfigArgumentMap {
  const listed = resourceOf(answer?.properties?.['data']?.items ?? {}) ?? id
  const args: GraphQLFieldConfigArgumentMap = {}
  for (const [name, part] of Object.entries(query?.properties ?? {})) {
    const type =
      name === 'metadata' ? MetadataScalar : book.argument(name, part, pascalCase(`${listed}_${name}`), {})
    const byDefault = name === 'limit' ? { defaultValue: PAGE_LIMIT_DEFAULT } : {}
    args[argumentName(name)] = { type, description: fieldDescription('', name, part), ...byDefault }
  }
  return args
}

function queryOf({ query }: Operation, given: Args): Record<string, unknown> {
  const entries = Object.keys(query?.properties ?? {}).flatMap((name) => {
    const value = given[argumentName(name)]
    if (value === undefined || value === null) return []
    return [[name, name === 'metadata' ? JSON.stringify(value) : value]]
  })
  return Object.fromEntries(entries)
}

function nodeField(book: TypeBook, reads: readonly Operation[]): Field {
  const byPrefix = new Map(reads.map((read) => [prefixOf(read.params), read]))
  return {
    type: book.node,
    description: `Anything by its id, with the scope of its kind. Null: no such kind. Ids of ${[...byPrefix.keys()].map((prefix) => `\`${prefix}_\``).join(', ')}.`,
    args: { id: { type: new GraphQLNonNull(GraphQLID), description: 'An id with its prefix.' } },
    resolve: async (_root, given: Args, context) => {
      const id = String(given['id'])
      const read = byPrefix.get(id.split('_', 1)[0] ?? '')
      return read ? callOperation(context, read, { params: { id } }) : null
    },
  }
}

/** Path parameters have an example id. */
function prefixOf(params: Json | undefined): string {
  return String(params?.properties?.['id']?.examples?.[0]).split('_', 1)[0] ?? ''
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function sorted<Value>(fields: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
}
