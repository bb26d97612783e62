import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi-types.ts'

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

/**
 * Every route as a ready request, for Postman, Bruno, Insomnia and whatever else reads a Postman collection 2.1. Keys and the address
 * are variables; each POST gets an Idempotency-Key of its own each time it is sent.
 */
export function postmanCollection(document: OpenApiDocument): object {
  const requests = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags[0],
      item: requestItem(method.toUpperCase(), path, operation),
    })),
  )
  const folders = [...Map.groupBy(requests, ({ tag }) => tag)]
  return {
    info: {
      name: document.info.title,
      description: 'Set api_key (and base_url) in the variables of the collection, and send.',
      schema: SCHEMA,
    },
    auth: bearer('api_key'),
    variable: [
      { key: 'base_url', value: document.servers[0]?.url ?? '' },
      { key: 'api_key', value: '' },
      { key: 'operator_key', value: '' },
      { key: 'access_token', value: '' },
      { key: 'economy_id', value: '' },
    ],
    item: folders.map(([name, items]) => ({ name, item: items.map(({ item }) => item) })),
  }
}

function requestItem(method: string, path: string, operation: OpenApiOperation): object {
  const { summary, description, parameters = [], requestBody, security = [] } = operation
  const body = requestBody?.content['application/json']
  const header = parameters.filter((parameter) => parameter.in === 'header').map(headerOf)
  if (body) header.push({ key: 'Content-Type', value: 'application/json' })
  return {
    name: summary,
    request: {
      method,
      description: description ?? '',
      ...authOf(security),
      header,
      url: urlOf(path, parameters),
      ...(body && {
        body: {
          mode: 'raw',
          raw: JSON.stringify(body.example ?? {}, null, 2),
          options: { raw: { language: 'json' } },
        },
      }),
    },
    response: [],
  }
}

function authOf(security: readonly Record<string, unknown>[]): object {
  const isTaken = (way: string) => security.some((one) => way in one)
  if (isTaken('apiKey')) return {}
  if (isTaken('operatorKey')) return { auth: bearer('operator_key') }
  return { auth: isTaken('accessToken') ? bearer('access_token') : { type: 'noauth' } }
}

function bearer(variable: string): object {
  return { type: 'bearer', bearer: [{ key: 'token', value: `{{${variable}}}`, type: 'string' }] }
}

interface Header {
  key: string
  value: string
  description?: string
  disabled?: true
}

function headerOf({ name, description = '' }: OpenApiParameter): Header {
  // Postman, Bruno and Insomnia all make a new UUID of $guid.
  if (name === 'Idempotency-Key') return { key: name, value: '{{$guid}}', description }
  return { key: name, value: '{{economy_id}}', description, disabled: true }
}

function urlOf(path: string, parameters: readonly OpenApiParameter[]): object {
  const segments = path.slice(1).split('/')
  const named = segments.map((segment) => segment.replace(/^\{(.+)\}$/, ':$1'))
  const query = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, description, schema, required = false }) => ({
      key: name,
      value: String(schema.default ?? schema.enum?.[0] ?? ''),
      ...(description !== undefined && { description }),
      disabled: !required,
    }))
  const variable = parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name, description, example }) => ({
      key: name,
      value: example ?? '',
      ...(description !== undefined && { description }),
    }))
  return {
    raw: `{{base_url}}/${named.join('/')}`,
    host: ['{{base_url}}'],
    path: named,
    ...(query.length > 0 && { query }),
    ...(variable.length > 0 && { variable }),
  }
}
