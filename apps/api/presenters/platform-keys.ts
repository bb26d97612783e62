import type { SealedValues } from '#core/chain/platform-desk.ts'

/** What is stored sealed. */
export const SEALED_KINDS = ['relayer_key', 'signing_secret', 'stored_response', 'webhook_secret'] as const

/** @param keyIds Of the keys that the API holds, the current one first. */
export function presentKeys(sealed: readonly SealedValues[], keyIds: readonly string[]) {
  const [currentId = '', ...previousIds] = keyIds
  const statusOf = (keyId: string | null) => {
    if (keyId === currentId) return 'current'
    return keyId !== null && previousIds.includes(keyId) ? 'previous' : 'unknown'
  }
  const rows = SEALED_KINDS.flatMap((kind) =>
    sealed
      .filter((values) => values.kind === kind)
      .map(({ keyId, count }) => ({ kind, key_id: keyId, count, status: statusOf(keyId) as RowStatus })),
  )
  return {
    object: 'keys' as const,
    current_key_id: currentId,
    previous_key_ids: previousIds,
    outdated: rows.reduce((sum, { status, count }) => sum + (status === 'current' ? 0 : count), 0),
    sealed: rows,
  }
}

type RowStatus = 'current' | 'previous' | 'unknown'
