export type Json = unknown
export type Schema = Record<string, Json>

export function isSchema(value: Json): value is Schema {
  return typeof value === 'object' && value !== null
}

/** An object of a request as clients send it: what has a default may be left out. */
export function asSent(object: Schema): Schema {
  const { required, ...rest } = object
  const needed = namesIn(required).filter((name) => fieldsOf(object)[name]?.['default'] === undefined)
  return needed.length > 0 ? { ...rest, required: needed } : rest
}

/**
 * Parameters of which the reference page sends none by itself that may be left out. It would send each example, and of an enum
 * the first value: a list filtered by something that is not there, or a header that names somebody else's economy.
 */
export function unsentUnlessNeeded(parameters: Schema): Schema {
  const needed = namesIn(parameters['required'])
  const fields = Object.entries(fieldsOf(parameters)).map(([name, field]) =>
    needed.includes(name) ? [name, field] : [name, unsent(field)],
  )
  return { ...parameters, properties: Object.fromEntries(fields) }
}

function unsent({ examples: _examples, ...field }: Schema): Schema {
  const { enum: values } = field
  if (!Array.isArray(values) || 'default' in field) return field
  return { ...field, 'x-examples': { [String(values[0])]: { value: values[0], 'x-disabled': true } } }
}

function namesIn(required: Json): string[] {
  return Array.isArray(required) ? required : []
}

function fieldsOf({ properties }: Schema): Record<string, Schema> {
  // The properties of an object's schema are schemas.
  return (properties ?? {}) as Record<string, Schema>
}
