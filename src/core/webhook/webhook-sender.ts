/** What came of one try. Never the sender's own fault: whatever goes wrong on the way is an `error`. */
export type SendResult =
  | {
      kind: 'answer'
      status: number
      /** The beginning of the body. */
      body: string
      /** As the receiver asks by Retry-After; null: it does not. */
      retryAfterMs: number | null
      durationMs: number
    }
  | { kind: 'error'; error: string; durationMs: number }

/**
 * Port: sends one signed POST. Bounded in time and in what it reads; follows no redirect; connects to no address that the
 * platform's configuration does not allow. Never throws.
 */
export interface WebhookSender {
  send(request: { url: string; headers: Readonly<Record<string, string>>; body: string }): Promise<SendResult>
}
