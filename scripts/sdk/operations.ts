import type {
  JsonSchema,
  OpenApiAnswer,
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
} from './openapi-types.ts'

/** A route of /v3 as the SDK offers it: `ost.<resource>.<method>(…)`. */
export interface Operation {
  id: string
  /** `Transactions` and `transactions`, from the tag. */
  className: string
  resource: string
  method: string
  httpMethod: string
  path: string
  summary: string
  description: string
  /** In the order of the path: the name in the path, and the argument's. */
  pathParameters: { name: string; argument: string }[]
  query: OpenApiParameter[]
  body: JsonSchema | null
  /** What a success answers; null: no body. */
  result: JsonSchema | null
  /** What each item of a page is; null where the answer is no page. */
  item: JsonSchema | null
  /** Codes that the route may refuse with because of what was asked, not because of who asked. */
  refusals: string[]
}

const V3 = '/v3/'
/** Not found, conflict, unprocessable. */
const REFUSAL_STATUSES = ['404', '409', '422']

/** Every route of /v3, in the document's order. @throws Error when two routes would be the same method. */
export function readOperations(document: OpenApiDocument): Operation[] {
  const operations = Object.entries(document.paths)
    .filter(([path]) => path.startsWith(V3))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([httpMethod, operation]) =>
        toOperation(document, path, httpMethod, operation),
      ),
    )
  const names = new Map<string, Operation>()
  for (const operation of operations) {
    const name = `${operation.resource}.${operation.method}`
    const other = names.get(name)
    if (other) {
      throw new Error(
        `${other.id} and ${operation.id} would both be ${name} in the SDK: choose another operationId or tag.`,
      )
    }
    names.set(name, operation)
  }
  return operations
}

function toOperation(
  document: OpenApiDocument,
  path: string,
  httpMethod: string,
  operation: OpenApiOperation,
): Operation {
  const { operationId, summary, description = '', tags, parameters = [], requestBody } = operation
  const responses = answersOf(document, operation)
  const className = pascalCase(tags[0])
  const result = resultOf(responses)
  return {
    id: operationId,
    className,
    resource: uncapitalise(className),
    method: methodOf(operationId, className, path),
    httpMethod: httpMethod.toUpperCase(),
    path,
    summary,
    description,
    pathParameters: pathParametersOf(path),
    query: parameters.filter((parameter) => parameter.in === 'query'),
    body: requestBody?.content['application/json']?.schema ?? null,
    result,
    item: itemOf(result),
    refusals: REFUSAL_STATUSES.flatMap((status) => codesIn(responses[status]?.description)),
  }
}

/** `executeTransaction` of Transactions → `execute`, `createUsers` of Users at /batch → `createBatch`. */
function methodOf(operationId: string, className: string, path: string): string {
  const one = singular(className)
  const noun = [className, one].find((word) => new RegExp(`${word}(?![a-z])`).test(operationId))
  const rest = noun === undefined ? operationId : operationId.replace(noun, '')
  const isBatch = path.endsWith('/batch') && !rest.endsWith('Batch')
  return uncapitalise(isBatch ? `${rest}Batch` : rest)
}

/** `/v3/webhooks/{id}/deliveries/{event_id}` → webhookId, eventId. */
function pathParametersOf(path: string): { name: string; argument: string }[] {
  const segments = path.split('/')
  return segments.flatMap((segment, index) => {
    const name = /^\{(.+)\}$/.exec(segment)?.[1]
    if (name === undefined) return []
    const owner = singular(pascalCase(segments[index - 1] ?? ''))
    return [{ name, argument: uncapitalise(name === 'id' ? `${owner}Id` : pascalCase(name)) }]
  })
}

/** Refusals are described once, for all operations. @throws Error for one that is named and not described */
function answersOf(
  { components }: OpenApiDocument,
  { operationId, responses }: OpenApiOperation,
): Record<string, OpenApiAnswer> {
  const answers = Object.entries(responses).map(([status, answer]) => {
    if (!('$ref' in answer)) return [status, answer] as const
    const shared = components.responses[answer.$ref.slice(answer.$ref.lastIndexOf('/') + 1)]
    if (!shared) throw new Error(`${operationId} answers ${status} with ${answer.$ref}, which is not there`)
    return [status, shared] as const
  })
  return Object.fromEntries(answers)
}

function resultOf(responses: Record<string, OpenApiAnswer>): JsonSchema | null {
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const schemas = successes.flatMap(([, { content }]) => content?.['application/json']?.schema ?? [])
  const [first, ...others] = new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()
  if (first === undefined) return null
  return others.length === 0 ? first : { anyOf: [first, ...others] }
}

/** A page has `data`, `has_more` and `next_cursor`. */
function itemOf(result: JsonSchema | null): JsonSchema | null {
  const { data, has_more: hasMore, next_cursor: nextCursor } = result?.properties ?? {}
  return (data && hasMore && nextCursor && data.items) ?? null
}

function codesIn(description = ''): string[] {
  return [...description.matchAll(/`([a-z_]+)`/g)].flatMap(([, code]) => code ?? [])
}

/** `Economies` → `Economy`, `ApiKeys` → `ApiKey`. */
function singular(word: string): string {
  return word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.replace(/s$/, '')
}

/** `API keys`, `api-keys` and `api_keys` → `ApiKeys`. */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('')
}

export function uncapitalise(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
