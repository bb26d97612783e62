import { Type } from 'typebox'
import { SEALED_KINDS } from '../presenters/platform-keys.ts'
import { Nullable } from './common.ts'

export const KeysSchema = Type.Object({
  object: Type.Literal('keys'),
  current_key_id: Type.String({ description: 'A digest of KEY_ENCRYPTION_KEY, as the API has it.' }),
  previous_key_ids: Type.Array(Type.String(), { description: 'Of KEY_ENCRYPTION_KEYS_PREVIOUS.' }),
  outdated: Type.Integer({ description: 'Values not under the current key; 0: older keys may be dropped.' }),
  sealed: Type.Array(
    Type.Object({
      kind: Type.Enum([...SEALED_KINDS]),
      key_id: Nullable(Type.String({ description: 'Null: sealed before values named their key.' })),
      count: Type.Integer(),
      status: Type.Enum(['current', 'previous', 'unknown'], {
        description: 'unknown: the API does not hold this key.',
      }),
    }),
  ),
})
