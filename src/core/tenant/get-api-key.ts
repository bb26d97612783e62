import type { UnitOfWork } from '../unit-of-work.ts'
import type { ApiKey } from './api-key.ts'
import { ApiKeyNotFound } from './errors.ts'

/** One key of the tenant, without its secret. @throws ApiKeyNotFound */
export async function getApiKey(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; apiKeyId: string },
): Promise<ApiKey> {
  const key = await deps.unitOfWork(query.tenantId, (tx) => tx.apiKeys.find(query.apiKeyId))
  if (!key) throw new ApiKeyNotFound()
  return key
}
