import { camelCase } from '../names.ts'
import { type Json, mergeShapes, shapesOf } from './json-schema.ts'

/**
 * An input as the body that REST takes: fields by REST's names. A null is handed on where a null means something, and counts as
 * left out elsewhere. What has no listed fields, such as metadata, stays as it is.
 */
export function toBody(schema: Json, value: unknown): unknown {
  const shape = mergeShapes(shapesOf(schema).shapes)
  if (Array.isArray(value)) return value.map((item) => toBody(shape.items ?? {}, item))
  if (!shape.properties || typeof value !== 'object' || value === null) return value
  const given = new Map(Object.entries(value))
  const body: Record<string, unknown> = {}
  for (const [wireName, part] of Object.entries(shape.properties)) {
    const field = given.get(camelCase(wireName))
    if (field === undefined || (field === null && !shapesOf(part).isNullable)) continue
    body[wireName] = toBody(part, field)
  }
  return body
}
