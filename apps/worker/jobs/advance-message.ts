import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type AdvanceDeps, advanceMessage } from '#core/gateway/advance-message.ts'

/** Takes a message between the gateways one step further; the sweeper brings it back when it is due to be looked at again. */
export function advanceMessageJob(deps: AdvanceDeps): JobHandler {
  return async (messageId) => {
    const result = await advanceMessage(deps, messageId)
    // Whoever changed it meanwhile may have seen less than there is by now.
    return result === 'moved_meanwhile' ? 'again' : undefined
  }
}
