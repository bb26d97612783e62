import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Ost } from '#sdk'

/** The description of the API that the SDK was made from; `npm run check` sees to it that it is current. */
const description = JSON.parse(
  readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, object>> }

type Methods = Record<string, (...args: unknown[]) => PromiseLike<unknown>>

describe('the resources', () => {
  it('reach every route of /v3, each with its own method and path', async () => {
    const asked: string[] = []
    const ost = new Ost({
      baseUrl: 'http://api.test',
      fetch: async (url, init) => {
        asked.push(`${init?.method} ${new URL(url instanceof Request ? url.url : url).pathname}`)
        return Response.json({ data: [], has_more: false, next_cursor: null })
      },
    })
    for (const resource of Object.values(ost) as object[]) {
      const names = Object.getOwnPropertyNames(Object.getPrototypeOf(resource))
      for (const name of names.filter((one) => one !== 'constructor'))
        await (resource as Methods)[name]?.('{id}', '{id}')
    }
    const routes = Object.entries(description.paths)
      .filter(([path]) => path.startsWith('/v3/'))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map(
          (method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '%7Bid%7D')}`,
        ),
      )
    expect(asked.toSorted()).toEqual(routes.toSorted())
  })
})
