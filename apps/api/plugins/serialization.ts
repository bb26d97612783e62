import { type RouteDefinition, SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** Writes answers by their declared schemas, as Fastify does by itself, but each compiled at its first use. */
export const serialization = fp(async (app: FastifyInstance) => {
  const build = SerializerSelector()
  let compile: ReturnType<typeof build> | undefined
  app.setSerializerCompiler((answer) =>
    app.atFirstUse(answer, () => {
      // Those that answers refer to are all known by now.
      compile ??= build(app.getSchemas())
      // Fastify names the status of every answer that it has written by a schema.
      return compile(answer as RouteDefinition)
    }),
  )
})
