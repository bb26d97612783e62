import { type RouteDefinition, SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { isSchema, type Json, type Schema } from './as-sent.ts'

/** Writes answers by their declared schemas, as Fastify does by itself, but each compiled at its first use. */
export const serialization = fp(async (app: FastifyInstance) => {
  const build = SerializerSelector()
  let compile: ReturnType<typeof build> | undefined
  app.setSerializerCompiler((answer) =>
    app.atFirstUse(answer, () => {
      // Those that answers refer to are all known by now.
      compile ??= build(app.getSchemas())
      // Fastify names the status of every answer that it has written by a schema.
      const definition = answer as RouteDefinition
      return compile({ ...definition, schema: nullableInPlace(definition.schema) })
    }),
  )
})

/**
 * The schema with `nullable` where a value is of one type or null, which means the same: of alternatives the writer has each value
 * tested against one after the other.
 */
function nullableInPlace(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(nullableInPlace)
  if (!isSchema(schema)) return schema
  const { anyOf, ...rest } = schema
  const [one, nothing, ...others] = Array.isArray(anyOf) ? (anyOf as Json[]) : []
  if (isTyped(one) && isSchema(nothing) && nothing['type'] === 'null' && others.length === 0)
    return nullableInPlace({ ...one, ...rest, nullable: true })
  return Object.fromEntries(Object.entries(schema).map(([name, inner]) => [name, nullableInPlace(inner)]))
}

function isTyped(schema: Json): schema is Schema {
  return isSchema(schema) && typeof schema['type'] === 'string'
}
