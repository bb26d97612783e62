import type { JsonSchema, OpenApiDocument, OpenApiParameter } from './openapi-types.ts'
import type { Operation } from './operations.ts'

/** What the SDK's types are called: resources by their own names, the rest after the operation. */
export function typeNamesOf(operation: Operation) {
  const id = operation.id.charAt(0).toUpperCase() + operation.id.slice(1)
  return { input: `${id}Input`, query: `${id}Query`, result: `${id}Result`, item: `${id}Item` }
}

/** The module of the types that stand in requests and answers. */
export function typesModule(document: OpenApiDocument, operations: readonly Operation[]): string {
  const declarations = new Map<string, string>()
  const declare = (name: string, type: string, description = '') => {
    if (declarations.has(name)) throw new Error(`The SDK would have two types of the name ${name}.`)
    declarations.set(name, `${comment(description, '')}export type ${name} = ${type}\n`)
  }
  for (const [name, schema] of Object.entries(document.components.schemas))
    declare(name, typeOf(schema, 'answer'), schema.description)
  for (const operation of operations) {
    const names = typeNamesOf(operation)
    const { body, query, result, item, id } = operation
    if (body) declare(names.input, typeOf(body, 'request'), `What \`${id}\` takes.`)
    if (query.length > 0) declare(names.query, queryType(query), `The query of \`${id}\`.`)
    if (item && !isReference(item)) declare(names.item, typeOf(item, 'answer'), `A row of \`${id}\`.`)
    if (result && !item && !isReference(result))
      declare(names.result, typeOf(result, 'answer'), `What \`${id}\` answers.`)
  }
  return `import type { Amount } from '../money.ts'\n\n${[...declarations.values()].join('\n')}`
}

/** The names of the types of an answer, or of a page's rows; none: no body. */
export function resultTypes(operation: Operation): string[] {
  const { result, item } = operation
  const schema = item ?? result
  if (schema === null) return []
  if (isReference(schema)) return (schema.anyOf ?? [schema]).map((one) => typeOf(one, 'answer'))
  const names = typeNamesOf(operation)
  return [item ? names.item : names.result]
}

function isReference({ $ref, anyOf }: JsonSchema): boolean {
  return $ref !== undefined || (anyOf?.every(isReference) ?? false)
}

export function typeOf(schema: JsonSchema, place: 'request' | 'answer', indent = ''): string {
  const { $ref, anyOf, enum: values, type } = schema
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1)
  if (anyOf) return union(anyOf.map((one) => typeOf(one, place, indent)))
  if (values) return union(values.map((value) => quoted(value)))
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one }, place, indent)))
  if (type === 'array') return arrayOf(typeOf(schema.items ?? {}, place, indent))
  if (type === 'object') return objectType(schema, place, indent)
  if (type === 'integer') return 'number'
  if (type === 'string' && place === 'request' && isAmount(schema)) return 'Amount'
  return type ?? 'unknown'
}

/** Base units may be given as they are computed with. */
function isAmount({ description = '' }: JsonSchema): boolean {
  return description.includes('Base units')
}

function objectType(schema: JsonSchema, place: 'request' | 'answer', indent: string): string {
  const { properties = {}, required = [], additionalProperties } = schema
  const fields = Object.entries(properties)
  const inner = `${indent}  `
  const rest =
    typeof additionalProperties === 'object' ? typeOf(additionalProperties, place, inner) : 'unknown'
  if (fields.length === 0) return `Record<string, ${rest}>`
  const lines = fields.map(([name, field]) => {
    const mark = required.includes(name) ? '' : '?'
    return `${comment(field.description, inner)}${inner}${key(name)}${mark}: ${typeOf(field, place, inner)}\n`
  })
  if (additionalProperties === true) lines.push(`${inner}[name: string]: unknown\n`)
  return `{\n${lines.join('')}${indent}}`
}

function queryType(parameters: readonly OpenApiParameter[]): string {
  const properties = parameters.map(({ name, schema, description }) => [
    name,
    description === undefined ? schema : { ...schema, description },
  ])
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name)
  return typeOf({ type: 'object', properties: Object.fromEntries(properties), required }, 'request')
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}

function arrayOf(type: string): string {
  return type.includes(' | ') && !type.startsWith('{') ? `(${type})[]` : `${type}[]`
}

function quoted(value: string | number | boolean): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value)
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`
}

/** A JSDoc comment and its line feed; nothing for nothing. */
export function comment(text: string | undefined, indent: string): string {
  if (!text) return ''
  const lines = text.replaceAll('*/', '*\\/').split('\n')
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}
