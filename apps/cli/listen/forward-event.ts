import { signatureHeaders } from '#core/webhook/signature.ts'
import type { WireEvent } from '../wire.ts'

/** How the receiver answered one try. */
export interface Forwarded {
  isTaken: boolean
  /** `204`, or why there was no answer. */
  answer: string
  tookMs: number
}

/** Milliseconds that a receiver may take, as long as the platform itself would wait. */
const TIMEOUT_MS = 10_000
/** Milliseconds that a try under way is given when the listener is to end. */
const GRACE_MS = 1_500

/** Sends an event as the platform sends a webhook: the same body, the same headers, one try. */
export async function forwardEvent(
  event: WireEvent,
  receiver: { url: string; secret: string },
  stop: AbortSignal,
): Promise<Forwarded> {
  const body = JSON.stringify(event)
  const startedAt = performance.now()
  const ended = (isTaken: boolean, answer: string) => ({
    isTaken,
    answer,
    tookMs: Math.round(performance.now() - startedAt),
  })
  try {
    const response = await fetch(receiver.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...signatureHeaders([receiver.secret], { id: event.id, at: new Date(), body }),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([soonAfter(stop), AbortSignal.timeout(TIMEOUT_MS)]),
    })
    await response.body?.cancel()
    return ended(response.ok, String(response.status))
  } catch (error) {
    return ended(false, reasonOf(error))
  }
}

/** A try under way may still be answered, so that what is taken is not sent again the next time. */
function soonAfter(stop: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const end = () => setTimeout(() => controller.abort(), GRACE_MS).unref()
  if (stop.aborted) end()
  else stop.addEventListener('abort', end, { once: true })
  return controller.signal
}

/** Fetch hides what happened in its error's cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1_000} s`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
