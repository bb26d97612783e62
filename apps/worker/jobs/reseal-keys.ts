import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { resealKeys } from '#core/chain/reseal-keys.ts'

/** Brings every stored secret under the current key-encryption key. */
export function resealKeysJob(deps: Parameters<typeof resealKeys>[0]): JobHandler {
  return async () => ((await resealKeys(deps)).isComplete ? undefined : 'again')
}
