import { appendFileSync, writeFileSync } from 'node:fs'
import { FORMATS } from '#apps/api/plugins/validation.ts'
import { ANSWERS_FILE, documentedFile } from '#scripts/stack/unseen-answers.ts'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { isSchema, type Json, type Schema } from '#apps/api/plugins/as-sent.ts'
import { closed } from './closed-schema.ts'

/** An answer, however a test got it. */
export interface SeenAnswer {
  status: number
  headers: Record<string, unknown>
  body: unknown
}

interface DocumentedHeader {
  required?: boolean
  schema: object
}

interface DocumentedAnswer {
  $ref?: string
  description?: string
  content?: Record<string, { schema: object }>
  headers?: Record<string, { $ref: string }>
}

/** What tests read of the OpenAPI document. */
export interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, DocumentedAnswer> }>>
  components: {
    schemas?: object
    headers?: Record<string, DocumentedHeader>
    responses?: Record<string, DocumentedAnswer>
  }
}

/** An answer of an operation, wherever the document describes it. */
export function describedAnswer(
  { components }: Pick<OpenApi, 'components'>,
  answer: DocumentedAnswer | undefined,
): DocumentedAnswer | undefined {
  if (answer?.$ref === undefined) return answer
  return components.responses?.[answer.$ref.slice('#/components/responses/'.length)]
}

/** Headers of HTTP itself and those for browsers (test/api/plugins/security-headers.test.ts), which every answer has. */
const OF_EVERY_ANSWER = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'date',
  'keep-alive',
  'strict-transport-security',
  'transfer-encoding',
  'x-content-type-options',
  'x-frame-options',
])
/** Words of OpenAPI, not of JSON Schema: they demand nothing. */
const NOTES = ['components', 'example', 'x-examples']

const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  allErrors: true,
  formats: FORMATS,
  keywords: NOTES,
})
const validators = new WeakMap<object, ValidateFunction>()
const noted = new Set<string>()

/**
 * Every answer must be one that the API's own description announces: status, media type, headers, and a body without a field
 * that is not described. In a whole run it is noted too, so that the run can tell in the end which documented answers no test
 * has seen.
 */
export function expectDeclared(document: OpenApi, method: string, url: string, answer: SeenAnswer): void {
  expect(complaintOf(document, method, url, answer)).toBeNull()
  const template = templateOf(document, method, url)
  if (template !== undefined) note(document, `${method} ${template} ${answer.status}`)
}

/** What an answer has that the document does not announce, in words; null where it keeps to it. */
export function complaintOf(
  document: OpenApi,
  method: string,
  url: string,
  answer: SeenAnswer,
): string | null {
  const template = templateOf(document, method, url)
  const shown = `${method} ${template ?? url} ${answer.status} ${JSON.stringify(answer.body)}`
  if (template === undefined) {
    const isKept = !url.startsWith('/v3/') || method === 'HEAD' || answer.status === 404
    return isKept ? null : `no route is documented for ${shown}`
  }
  const { responses } = document.paths[template]?.[method.toLowerCase()] ?? {}
  const declared = describedAnswer(document, responses?.[String(answer.status)])
  if (declared === undefined) return `the status is not documented: ${shown}`
  const wrong = wrongHeader(document, declared, answer.headers) ?? wrongBody(document, declared, answer)
  return wrong === null ? null : `${wrong}: ${shown}`
}

function wrongHeader({ components }: OpenApi, declared: DocumentedAnswer, headers: SeenAnswer['headers']) {
  const documented = new Map(Object.keys(declared.headers ?? {}).map((name) => [name.toLowerCase(), name]))
  const extra = Object.keys(headers).find((name) => !documented.has(name) && !OF_EVERY_ANSWER.has(name))
  if (extra !== undefined) return `the header ${extra} is not documented`
  for (const [key, name] of documented) {
    const header = components.headers?.[name]
    if (header === undefined) return `the header ${name} is named and not described`
    if (headers[key] === undefined && header.required) return `the header ${name} is missing`
    if (headers[key] === undefined) continue
    if (!ajv.validate(header.schema, textOf(headers[key])))
      return `the header ${name} is not as described: ${ajv.errorsText()}`
  }
  return null
}

function wrongBody(document: OpenApi, declared: DocumentedAnswer, { headers, body }: SeenAnswer) {
  const mediaType = textOf(headers['content-type']).split(';', 1)[0] ?? ''
  if (mediaType === '') return body === '' || body === null ? null : 'a body without a media type'
  if (!mediaType.includes('json'))
    return declared.content?.[mediaType] ? null : `${mediaType} is not documented`
  const content = declared.content?.[mediaType]
  if (content === undefined) return `${mediaType} is not documented`
  const validate = validatorOf(document, content.schema)
  return validate(body) ? null : ajv.errorsText(validate.errors)
}

/** A header as the wire has it: numbers are text there. */
function textOf(header: unknown): string {
  return typeof header === 'string' || typeof header === 'number' ? String(header) : ''
}

function validatorOf(document: OpenApi, schema: object): ValidateFunction {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const validate = ajv.compile(closed({ ...schema, components: { schemas: document.components.schemas } }))
  validators.set(schema, validate)
  return validate
}

/** Which examples of the document its own schemas refuse, and how many there are. */
export function problemsOfExamples(document: OpenApi): { seen: number; problems: string[] } {
  const problems: string[] = []
  let seen = 0
  const judge = (schema: Schema, examples: Json[], at: string) => {
    for (const example of examples) {
      seen += 1
      const validate = ajv.compile({ ...schema, components: document.components })
      if (!validate(example))
        problems.push(`${at}: ${JSON.stringify(example)} ${ajv.errorsText(validate.errors)}`)
    }
  }
  const visit = (node: Json, at: string) => {
    if (!isSchema(node)) return
    const inside = isSchema(node['schema']) ? node['schema'] : null
    if (inside && 'example' in node) judge(inside, [node['example']], at)
    // A parameter's examples are objects with a value each, a schema's a list of values.
    if (inside && isSchema(node['examples']))
      judge(
        inside,
        Object.values(node['examples']).map((each) => (each as Schema)['value']),
        at,
      )
    if (inside === null && Array.isArray(node['examples'])) judge(node, node['examples'], at)
    for (const [name, value] of Object.entries(node))
      if (!isExample(name, node)) visit(value, `${at}/${name}`)
  }
  visit({ paths: document.paths, components: document.components }, '')
  return { seen, problems }
}

/** Values, in which nothing is described; but a property may have such a name too. */
function isExample(name: string, node: Schema): boolean {
  return (
    (name === 'example' || name === 'examples') && ('schema' in node || 'type' in node || 'anyOf' in node)
  )
}

/** The documented path that a request of this method is for: the one with a literal before one with an id in its place. */
function templateOf(document: OpenApi, method: string, url: string): string | undefined {
  const [path = ''] = url.split('?', 1)
  return Object.keys(document.paths)
    .filter((template) => document.paths[template]?.[method.toLowerCase()] && patternOf(template).test(path))
    .toSorted((a, b) => a.split('{').length - b.split('{').length)[0]
}

function note(document: OpenApi, answer: string): void {
  const file = process.env[ANSWERS_FILE]
  if (file === undefined || noted.has(answer)) return
  if (noted.size === 0) writeFileSync(documentedFile(file), documentedAnswers(document).join('\n'))
  noted.add(answer)
  appendFileSync(file, `${answer}\n`)
}

function documentedAnswers({ paths }: OpenApi): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  )
}

/** An empty id is an id to the router, of nothing. */
function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]*')}$`)
}
