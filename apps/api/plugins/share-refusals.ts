import { isDeepStrictEqual } from 'node:util'
import { isSchema, type Schema } from './as-sent.ts'

/**
 * The document with each refusal described once, under `components/responses`, and named wherever it may come: the same few
 * hundred words about keys, limits and overload stood at every route, and were two thirds of it.
 */
export function shareRefusals<Document extends { components?: object | undefined }>(
  document: Document & { paths?: object | undefined },
): Document {
  const shared: Record<string, Schema> = {}
  for (const operations of Object.values(document.paths ?? {}))
    for (const { responses } of Object.values(operations as Record<string, Schema>))
      if (isSchema(responses)) share(shared, responses)
  return { ...document, components: { ...document.components, responses: shared } }
}

function share(shared: Record<string, Schema>, responses: Schema): void {
  for (const [status, answer] of Object.entries(responses)) {
    if (!isSchema(answer) || status < '400') continue
    const name = nameIn(shared, status, answer)
    shared[name] = answer
    responses[status] = { $ref: `#/components/responses/${name}` }
  }
}

/** `409.external_id_taken`: the status and the codes that its description lists, with a number where another answer has them too. */
function nameIn(shared: Record<string, Schema>, status: string, answer: Schema): string {
  const codes = [...String(answer['description']).matchAll(/`(\w+)`/g)].map(([, code]) => code)
  const base = [status, ...codes].join('.')
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}.${number}`
    if (shared[name] === undefined || isDeepStrictEqual(shared[name], answer)) return name
  }
}
