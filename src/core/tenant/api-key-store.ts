import type { Page, PageRequest } from '../shared/page.ts'
import type { ApiKey } from './api-key.ts'

/** Port: the tenant's keys, without their secrets. */
export interface ApiKeyStore {
  /** @param signingKey The sealed shared secret, or the public key; null when the key does not sign. */
  insert(key: ApiKey, secretHash: Uint8Array, signingKey: string | null): Promise<void>
  find(id: string): Promise<ApiKey | null>
  /** The key, locked for the rest of the unit of work, so that two rotations or revocations of it follow each other. */
  lock(id: string): Promise<ApiKey | null>
  list(page: PageRequest, filter: { economyId?: string }): Promise<Page<ApiKey>>
  /** Lets the key end at `expiresAt` and names its successor. */
  replace(id: string, replacedById: string, expiresAt: Date): Promise<void>
  revoke(id: string, at: Date): Promise<void>
}
