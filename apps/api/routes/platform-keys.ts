import { keyIdOf } from '#adapters/crypto/jwe.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { requireOperator } from '../plugins/operator.ts'
import { problems } from '../plugins/problem.ts'
import { presentKeys } from '../presenters/platform-keys.ts'
import { KeysSchema } from '../schemas/platform-keys.ts'

/** How far a rotation of the key-encryption key has come. */
export async function platformKeyRoutes(app: App, deps: AppDeps): Promise<void> {
  const { keyEncryptionKey, previousKeyEncryptionKeys } = deps.config.keys
  const keyIds = [keyEncryptionKey, ...previousKeyEncryptionKeys].map(keyIdOf)

  app.get(
    '/platform/keys',
    {
      config: { plane: 'platform', scope: null },
      schema: {
        operationId: 'getKeys',
        summary: 'How many stored secrets are under which key-encryption key',
        description:
          'For the operator. When `outdated` is 0 and every process has the current key, KEY_ENCRYPTION_KEYS_PREVIOUS may be emptied.',
        tags: ['Platform'],
        response: { 200: KeysSchema, ...problems() },
      },
    },
    async (request) => {
      requireOperator(request)
      return presentKeys(await deps.platformDesk.sealedValues(), keyIds)
    },
  )
}
