import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import { type FieldError, InvalidRequest } from '#core/shared/errors.ts'
import { findUnstorable, mayBeUnstorable, UNSTORABLE } from './storable-text.ts'

/** Most wrong fields that one answer lists. */
const FIELD_ERRORS_MAX = 20
/** Characters of JSON. Larger bodies get their first error only: listing all of them costs memory per wrong element. */
const THOROUGH_LENGTH_MAX = 65_536
/** Objects and arrays inside each other. */
export const JSON_DEPTH_MAX = 20

const OPTIONS: Options = { removeAdditional: false, useDefaults: true, strict: false, allowUnionTypes: true }
/** The formats that schemas name, as we understand them. */
export const FORMATS: Record<string, RegExp | ((text: string) => boolean)> = {
  'date-time': (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text)),
  email: /^[^\s@"<>]{1,64}@[^\s@"<>.]+(\.[^\s@"<>.]+)+$/,
  uri: (text) => URL.canParse(text),
}

/**
 * Validates requests. A body is taken as it is or refused: no field is dropped, no type is bent. Path and query are text by
 * nature, so their numbers and booleans are read from it.
 */
export const validation = fp(async (app: FastifyInstance) => {
  const compile = compileValidator()
  app.setValidatorCompiler((part) => app.atFirstUse(part, () => compile(part)))
  app.setSchemaErrorFormatter((errors, part) => toInvalidRequest(errors as ErrorObject[], part))
  parseJsonBounded(app)
})

function compileValidator(): FastifySchemaCompiler<unknown> {
  const make = (options: Options) => new Ajv({ ...OPTIONS, ...options, formats: FORMATS })
  const text = make({ coerceTypes: 'array', allErrors: true })
  const quick = make({ allErrors: false })
  const thorough = make({ allErrors: true })
  return ({ schema, httpPart }) => {
    // A schema object, as Fastify hands over what routes declare.
    const declared = schema as object
    if (httpPart !== 'body') return ofText(text.compile(declared), String(httpPart))
    const check = quick.compile(declared)
    return (body: unknown) => {
      if (check(body)) return { value: body }
      // Ajv keeps the errors of the last call: a list that is not asked now has somebody else's.
      if (JSON.stringify(body ?? null).length > THOROUGH_LENGTH_MAX) return refusedBy(check)
      // Compiled at the first refusal, and kept: Ajv knows the schema from then on.
      const list = thorough.compile(declared)
      list(body)
      return refusedBy(list)
    }
  }
}

function refusedBy({ errors }: ValidateFunction) {
  return { error: toInvalidRequest(errors ?? [], 'body') }
}

/** The check of what is text by nature: of the path, the query or the headers. */
function ofText(check: ValidateFunction, part: string) {
  return (values: unknown) => {
    if (!check(values)) return { error: toInvalidRequest(check.errors ?? [], part) }
    // What stands in a path is an id, or is not there: nothing of it is kept.
    const pointer = part === 'params' ? null : findUnstorable(values)
    if (pointer === null) return { value: values }
    return { error: new InvalidRequest([{ pointer: `?${pointer.slice(1)}`, detail: UNSTORABLE }]) }
  }
}

/** Which part of a request is wrong, as field errors: JSON pointers into the body, `?name` into the query. */
export function toInvalidRequest(errors: readonly ErrorObject[], part: string): InvalidRequest {
  const fields = new Map<string, FieldError>()
  for (const error of errors) {
    const field = { pointer: pointerOf(error, part), detail: detailOf(error) }
    // A field that fits none of several alternatives is named once, by its first complaint.
    if (!fields.has(field.pointer) && fields.size < FIELD_ERRORS_MAX) fields.set(field.pointer, field)
  }
  return new InvalidRequest([...fields.values()])
}

function pointerOf({ instancePath, params, propertyName }: ErrorObject, part: string): string {
  const name =
    propertyName ?? params['missingProperty'] ?? params['additionalProperty'] ?? params['propertyName']
  const path =
    typeof name === 'string'
      ? `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      : instancePath
  return part === 'body' ? path : `?${path.slice(1)}`
}

function detailOf({ keyword, message, params }: ErrorObject): string {
  if (keyword === 'required') return 'is missing'
  if (keyword === 'additionalProperties') return 'is not a field of this request'
  if (keyword === 'enum') return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
  if (keyword === 'const') return `must be ${JSON.stringify(params['allowedValue'])}`
  if (keyword === 'not') return 'is not allowed'
  return message ?? 'is not valid'
}

/** Reads JSON with a bound on its depth; keys that would reach an object's prototype are refused. */
function parseJsonBounded(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    // A client that always sends the header may still send no body.
    if (text === '') return done(null, undefined)
    if (isTooDeep(text)) {
      return done(
        new InvalidRequest([{ pointer: '', detail: `is nested deeper than ${JSON_DEPTH_MAX} levels` }]),
      )
    }
    void parse(request, text, (error, value) => {
      if (!error) {
        const pointer = mayBeUnstorable(text) ? findUnstorable(value) : null
        return pointer === null
          ? done(null, value)
          : done(new InvalidRequest([{ pointer, detail: UNSTORABLE }]))
      }
      const detail = isJson(text)
        ? 'contains a key that is not allowed (__proto__, constructor)'
        : 'is not valid JSON'
      done(new InvalidRequest([{ pointer: '', detail }]))
    })
  })
}

/** Asked only of text that the parser refused. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (inString) {
      if (char === BACKSLASH) at += 1
      else if (char === QUOTE) inString = false
    } else if (char === QUOTE) inString = true
    else if (char === 0x7b || char === 0x5b) {
      depth += 1
      if (depth > JSON_DEPTH_MAX) return true
    } else if (char === 0x7d || char === 0x5d) depth -= 1
  }
  return false
}
