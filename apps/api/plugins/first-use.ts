import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** What a schema becomes: a check of a part of a request, or the writer of an answer. */
type Compiled<Result> = (value: unknown) => Result

/** Where a schema stands: in a part of a route's requests, or in an answer of it. */
export interface SchemaPlace {
  method?: string
  url?: string
  httpPart?: string
  httpStatus?: string
}

interface Uncompiled {
  place: SchemaPlace
  compile(): void
}

declare module 'fastify' {
  interface FastifyInstance {
    /** A function that is compiled when it is first called. */
    atFirstUse<Result>(place: SchemaPlace, compile: () => Compiled<Result>): Compiled<Result>
    /** Compiles what is not compiled yet. @throws what is wrong with a schema */
    compileSchemas(isMeant?: (place: SchemaPlace) => boolean): void
  }
}

/**
 * Lets schemas wait for the first request that needs them: there are some thousand, of which a process uses a few, and compiling
 * them was a third of its start. That each of them compiles is for a test to say. Those of `soon` are compiled as soon as the
 * process listens, so that no request waits for them.
 */
export const firstUse = fp(
  async (app: FastifyInstance, { soon }: { soon: (place: SchemaPlace) => boolean }) => {
    const waiting = new Set<Uncompiled>()

    app.decorate('atFirstUse', <Result>(place: SchemaPlace, compile: () => Compiled<Result>) => {
      let run: Compiled<Result> = (value) => {
        one.compile()
        return run(value)
      }
      const one = {
        place,
        compile() {
          run = compile()
          waiting.delete(one)
        },
      }
      waiting.add(one)
      return (value: unknown) => run(value)
    })

    app.decorate('compileSchemas', (isMeant: (place: SchemaPlace) => boolean = () => true) => {
      for (const one of waiting) if (isMeant(one.place)) one.compile()
    })

    app.addHook('onListen', (done) => {
      setImmediate(() => app.compileSchemas(soon))
      done()
    })
  },
)

/** An accepted transaction: what most requests are about. */
export function isOfMoney({ method, url, httpPart, httpStatus }: SchemaPlace): boolean {
  return method === 'POST' && url === '/v3/transactions' && (httpPart === 'body' || httpStatus === '202')
}
