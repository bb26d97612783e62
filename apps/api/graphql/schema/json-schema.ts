/** What this folder reads of a JSON schema as TypeBox makes it. */
export interface Json {
  type?: string
  title?: string
  description?: string
  format?: string
  pattern?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  examples?: unknown[]
  properties?: Record<string, Json>
  required?: string[]
  minProperties?: number
  items?: Json
  anyOf?: Json[]
  propertyNames?: unknown
  patternProperties?: unknown
  additionalProperties?: unknown
}

const isNull = ({ type }: Json) => type === 'null'

/** A schema without its null: whether it may be null, and the one or several shapes that are left. */
export function shapesOf(schema: Json): { isNullable: boolean; shapes: Json[] } {
  if (!schema.anyOf) return { isNullable: isNull(schema), shapes: [schema] }
  const shapes = schema.anyOf.filter((shape) => !isNull(shape))
  const { description } = schema
  const described = shapes.map((shape) => (description === undefined ? shape : { ...shape, description }))
  return { isNullable: shapes.length < schema.anyOf.length, shapes: described }
}

/** Several shapes of an object as one whose fields are all optional; a single shape as it is. */
export function mergeShapes(shapes: readonly Json[]): Json {
  const [first = {}, ...rest] = shapes
  if (rest.length === 0) return first
  const properties = Object.assign({}, ...shapes.map((shape) => shape.properties ?? {})) as Record<
    string,
    Json
  >
  const { description } = first
  return { type: 'object', properties, required: [], ...(description !== undefined && { description }) }
}

/** The one value that a schema's `object` field has, which names the resource; undefined: it is none. */
export function resourceOf(schema: Json): string | undefined {
  const object = schema.properties?.['object']
  const value = object?.const ?? (object?.enum?.length === 1 ? object.enum[0] : undefined)
  return typeof value === 'string' ? value : undefined
}
