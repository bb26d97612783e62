import { isSchema, type Json, type Schema } from './as-sent.ts'

type Name = keyof typeof HEADERS

/** The headers of answers that mean something to a client, as the document describes them: each once, and named where it may come. */
const HEADERS = {
  'X-Request-Id': {
    required: true,
    description: "The request's id: the caller's own X-Request-Id where it is sane, else a new one.",
    schema: { type: 'string' },
    example: 'req_01a222d5-526d-7ff5-b3c8-bb9e398d4240',
  },
  RateLimit: {
    description: 'What is left (`r`) and for how many seconds (`t`), by the policy that counts the request.',
    schema: { type: 'string' },
    example: '"key";r=599;t=60',
  },
  'RateLimit-Policy': {
    description: 'The quota (`q`) and its window in seconds (`w`).',
    schema: { type: 'string' },
    example: '"key";q=600;w=60',
  },
  'Retry-After': {
    required: true,
    description: 'Seconds after which the same request may succeed.',
    schema: { type: 'string', pattern: '^[0-9]{1,9}$' },
    example: '1',
  },
  'WWW-Authenticate': {
    required: true,
    description: 'How to authenticate.',
    schema: { type: 'string' },
    example: 'Bearer realm="OST KIT"',
  },
  'Idempotency-Replayed': {
    description: 'The answer is that of the first request with this Idempotency-Key; nothing was done again.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  'Preference-Applied': {
    description: 'The request preferred to wait, and did.',
    schema: { type: 'string', pattern: '^wait=[0-9]{1,3}$' },
    example: 'wait=5',
  },
}

/** Statuses of results, which a repeated request gets again. */
const RESULTS = /^(2\d\d|400|404|409|422)$/

/** The document with the headers of every answer. */
export function describeHeaders<Document extends { components?: object | undefined }>(
  document: Document & { paths?: object | undefined },
): Document {
  const { paths, components } = document
  for (const operations of Object.values(paths ?? {})) {
    for (const operation of Object.values(operations as Record<string, Schema>)) {
      for (const [status, answer] of Object.entries((operation['responses'] ?? {}) as Record<string, Schema>))
        answer['headers'] = Object.fromEntries(
          namesOf(operation, status).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
        )
    }
  }
  return { ...document, components: { ...components, headers: HEADERS } }
}

function namesOf({ responses, parameters }: Schema, status: string): Name[] {
  const takes = (header: string) => listOf(parameters).some(({ name }) => name === header)
  const isResult = RESULTS.test(status)
  const names: Name[] = ['X-Request-Id']
  // Who may be told to wait is told how much is left.
  if (isSchema(responses) && '429' in responses) names.push('RateLimit', 'RateLimit-Policy')
  if (status === '401') names.push('WWW-Authenticate')
  if (status === '429' || status === '503') names.push('Retry-After')
  if (isResult && takes('Idempotency-Key')) names.push('Idempotency-Replayed')
  if (status.startsWith('2') && takes('Prefer')) names.push('Preference-Applied')
  return names
}

function listOf(value: Json): Schema[] {
  return Array.isArray(value) ? value : []
}
