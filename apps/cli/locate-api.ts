import { UsageError } from './errors.ts'
import { type Environment, type LocalStack, readLocalStack } from './local-stack.ts'

/** Where the API is, and what this machine knows of it: empty where it is not the stack on this machine. */
export interface LocatedApi {
  url: string
  local: LocalStack
}

/**
 * Finds the API: the given URL, else the environment's, else the stack on this machine. Keys of the local stack are handed
 * out for the local stack only.
 *
 * @throws UsageError where nothing says which API.
 */
export async function locateApi(given: string | undefined, env: Environment): Promise<LocatedApi> {
  const local = await readLocalStack(env)
  const url = given ?? (env['OST_API_URL'] || local.apiUrl)
  if (url === undefined) {
    throw new UsageError(
      'It is not known where the API is. Start one on this machine with npm start, or name one with --api-url or OST_API_URL.',
    )
  }
  if (!URL.canParse(url))
    throw new UsageError(`"${url}" is not a URL: write one such as http://localhost:3000.`)
  return { url, local: isSameOrigin(url, local.apiUrl) ? local : {} }
}

function isSameOrigin(url: string, other: string | undefined): boolean {
  return other !== undefined && URL.canParse(other) && new URL(url).origin === new URL(other).origin
}
