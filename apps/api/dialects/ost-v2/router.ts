import type { FastifyInstance } from 'fastify'
import type { Scope } from '#core/tenant/scopes.ts'
import type { AppDeps } from '../../deps.ts'
import { type Answer, type Dialect, speakDialect } from '../dialect.ts'
import { success } from '../envelope.ts'
import { parseForm } from '../form.ts'

/** Declares routes of v2 by who may ask. All of them answer with and without a slash at their end. */
export interface OstRouter {
  /** The business's server reads. */
  get(path: string, scope: Scope, answer: Answer): void
  /** The business's server writes. */
  post(path: string, scope: Scope, answer: Answer): void
  delete(path: string, scope: Scope, answer: Answer): void
  /** The server reads, or a device of the user that it is about. */
  read(path: string, scope: Scope, answer: Answer): void
  /** A user's device only. */
  wallet(method: 'GET' | 'POST', path: string, answer: Answer): void
  /** Anybody. */
  open(path: string, answer: Answer): void
}

export function speakOstV2(scope: FastifyInstance, dialect: Dialect, deps: AppDeps): OstRouter {
  if (!scope.hasRequestDecorator('device')) scope.decorateRequest('device', null)
  const router = speakDialect(scope, dialect, deps)
  return {
    ...router,
    read: (path, needed, answer) => router.get(path, needed, answer, { signers: 'either' }),
    wallet: (method, path, answer) =>
      method === 'GET'
        ? router.get(path, 'users:read', answer, { signers: 'device' })
        : router.post(path, 'users:read', answer, { signers: 'device' }),
    open(path, answer) {
      for (const url of [path, `${path}/`]) {
        scope.get(url, {
          config: { plane: 'public', scope: null },
          schema: { hide: true },
          handler: async (request) => {
            request.form = parseForm((request.raw.url ?? '').split('?')[1] ?? '')
            return success(await answer(request))
          },
        })
      }
    },
  }
}
