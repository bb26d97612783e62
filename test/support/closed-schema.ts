import { isSchema, type Json, type Schema } from '#apps/api/plugins/as-sent.ts'

/**
 * A schema as a contract: an object has the fields that are described and no other, unless the schema says in so many words
 * that it takes more. To clients the document stays open, so that a later version may add a field.
 */
export function closed(schema: Schema): Schema {
  // Each alternative would forbid the fields of the others.
  if ('allOf' in schema) throw new TypeError('allOf cannot be closed: describe the object as a whole')
  const inside = Object.entries(schema).map(([key, value]) => [key, visit(value)])
  const copy: Schema = Object.fromEntries(inside)
  return isSchema(copy['properties']) && !('additionalProperties' in copy)
    ? { ...copy, additionalProperties: false }
    : copy
}

function visit(value: Json): Json {
  if (Array.isArray(value)) return value.map(visit)
  return isSchema(value) ? closed(value) : value
}
