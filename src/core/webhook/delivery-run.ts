import { setTimeout as delay } from 'node:timers/promises'
import { pauseMs } from './backoff.ts'
import type { DeliverDeps } from './deliver-webhooks.ts'
import type { DeliveryResult, DueDelivery, LeasedWebhook, Outcome } from './delivery-queue.ts'
import { askedPauseMs, failureOf, isGone, isTaken, outcomeOf } from './judge-answer.ts'
import { sentBody } from './sent-body.ts'
import { createSign, type Sign } from './signature.ts'
import type { SendResult } from './webhook-sender.ts'

/** Milliseconds. A run ends then and begins anew behind the others'. */
const RUN_MS = 3_000
/** Deliveries to one webhook at the same time. */
export const PARALLEL_MAX = 16
/** A receiver that is slower than this is sent less at a time. */
const SLOW_MS = 1_000
/** Deliveries read at a time. */
const READ_MAX = 256
/** Results that are recorded together, or after so many milliseconds. */
const RECORD_MAX = 256
const RECORD_AFTER_MS = 25
/** Failures in a row after which a taken event means that the receiver has recovered. */
const FAILURES_OF_AN_OUTAGE = 3
/** Characters. */
const RESPONSE_KEPT_MAX = 1_024

/**
 * One worker's turn at one webhook. It begins with one delivery at a time, takes one more after each that was taken quickly,
 * and falls back when the receiver is slow or fails: whoever hangs never holds more than one place.
 */
export class DeliveryRun {
  isGone = false
  failingForMs = 0
  readonly #deps: DeliverDeps
  readonly #webhook: LeasedWebhook
  readonly #sign: Sign
  readonly #signal: AbortSignal
  readonly #endsAt: number
  readonly #widthMax: number
  #width = 1
  #failures: number
  #pauseMs: number | null = null
  #hasRecovered = false
  #hasFailed = false
  #error: { cause: unknown } | null = null
  #due: DueDelivery[] = []
  #last: DueDelivery | null = null
  #hasReadAll = false
  #reading: Promise<void> | null = null
  #results: DeliveryResult[] = []
  #recording: Promise<void> | null = null
  readonly #lanes = new Set<Promise<void>>()

  constructor(deps: DeliverDeps, webhook: LeasedWebhook, signal: AbortSignal) {
    this.#deps = deps
    this.#webhook = webhook
    this.#sign = createSign(webhook.format, webhook.secrets)
    this.#signal = signal
    this.#failures = webhook.failures
    this.#endsAt = deps.clock.now().getTime() + RUN_MS
    this.#widthMax = webhook.mode === 'ordered' ? 1 : PARALLEL_MAX
  }

  /** @throws when the database cannot be reached; what was not recorded is sent again. */
  async toEnd(): Promise<'more' | 'done'> {
    this.#widen()
    while (this.#lanes.size > 0) await Promise.race(this.#lanes)
    while (this.#recording) await this.#recording
    if (this.#error) throw this.#error.cause
    const isCutOff = !this.#hasReadAll || this.#due.length > 0
    return isCutOff && !this.#mustWait() ? 'more' : 'done'
  }

  #widen(): void {
    while (this.#lanes.size < this.#width && !this.#isOver()) {
      const lane: Promise<void> = this.#lane().finally(() => this.#lanes.delete(lane))
      this.#lanes.add(lane)
    }
  }

  /** Sends one delivery after the other. Never rejects. */
  async #lane(): Promise<void> {
    try {
      while (!this.#isOver() && this.#lanes.size <= Math.max(this.#width, 1)) {
        const delivery = await this.#next()
        if (!delivery) return
        if (this.#isOver()) return void this.#due.unshift(delivery)
        await this.#deliver(delivery)
        this.#widen()
      }
    } catch (cause) {
      this.#error ??= { cause }
    }
  }

  async #next(): Promise<DueDelivery | null> {
    while (this.#due.length === 0 && !this.#hasReadAll) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null
      })
      await this.#reading
    }
    return this.#due.shift() ?? null
  }

  async #read(): Promise<void> {
    const found = await this.#deps.queue.readDue(this.#webhook, this.#last, READ_MAX)
    this.#last = found.at(-1) ?? this.#last
    this.#hasReadAll = found.length < READ_MAX
    this.#due.push(...found)
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { deps, webhook } = { deps: this.#deps, webhook: this.#webhook }
    const at = deps.clock.now()
    const body = sentBody(webhook, delivery.body)
    const headers = this.#sign({ id: deps.messageId(delivery.eventId), at, body })
    const result = await deps.sender.send({ url: webhook.url, headers, body })
    const outcome = outcomeOf(result, delivery, webhook.mode, deps.chance())
    await deps.reach?.('webhook_sent')
    this.#learn(result)
    this.#say(delivery, result, outcome)
    this.#results.push({ eventId: delivery.eventId, outcome, attempt: toAttempt(webhook.url, at, result) })
    this.#recording ??= this.#record()
  }

  /** What the answer tells about the receiver as a whole. */
  #learn(result: SendResult): void {
    if (isTaken(result)) {
      if (this.#failures >= FAILURES_OF_AN_OUTAGE) this.#hasRecovered = true
      this.#failures = 0
      this.#pauseMs = null
      this.#width =
        result.durationMs < SLOW_MS ? Math.min(this.#width + 1, this.#widthMax) : Math.ceil(this.#width / 2)
      return
    }
    this.#failures += 1
    this.#hasFailed = true
    this.#width = 1
    if (isGone(result)) this.isGone = true
    const pause = Math.max(pauseMs(this.#failures, this.#deps.chance()) ?? 0, askedPauseMs(result))
    if (pause > 0) this.#pauseMs = pause
  }

  /** Records until nothing is left to record. Never rejects. */
  async #record(): Promise<void> {
    try {
      while (this.#results.length > 0) {
        if (this.#lanes.size > 0 && this.#results.length < RECORD_MAX) await delay(RECORD_AFTER_MS)
        const results = this.#results.splice(0, RECORD_MAX)
        const health = {
          failures: this.#failures,
          pauseMs: this.#pauseMs,
          hasRecovered: this.#hasRecovered,
        }
        this.#hasRecovered = false
        const { failingForMs } = await this.#deps.queue.record(this.#webhook, results, health)
        this.failingForMs = failingForMs
        await this.#deps.reach?.('webhook_recorded')
      }
    } catch (cause) {
      this.#error ??= { cause }
    } finally {
      this.#recording = null
    }
  }

  #isOver(): boolean {
    return (
      this.#signal.aborted ||
      this.#error !== null ||
      this.#mustWait() ||
      this.#deps.clock.now().getTime() >= this.#endsAt
    )
  }

  /** Nothing more may be sent now. In order, nothing may pass an event that failed. */
  #mustWait(): boolean {
    const isBlocked = this.#webhook.mode === 'ordered' && this.#hasFailed
    return this.isGone || this.#pauseMs !== null || isBlocked
  }

  #say({ eventId, attempts }: DueDelivery, result: SendResult, outcome: Outcome): void {
    const { observer } = this.#deps
    const isGivenUp = outcome.status === 'failed'
    observer.count('webhook_deliveries_total', { outcome: isGivenUp ? 'given_up' : outcomeName(outcome) })
    if (outcome.status === 'delivered') return
    const { id: webhookId, economyId, tenantId } = this.#webhook
    const fields = {
      webhookId,
      economyId,
      tenantId,
      eventId,
      attempt: attempts + 1,
      error: failureOf(result),
    }
    observer.log(isGivenUp ? 'warn' : 'debug', isGivenUp ? 'webhook.given_up' : 'webhook.not_taken', fields)
  }
}

function outcomeName(outcome: Outcome): string {
  return outcome.status === 'pending' ? 'retry' : outcome.status
}

function toAttempt(url: string, at: Date, result: SendResult): DeliveryResult['attempt'] {
  const isAnswer = result.kind === 'answer'
  return {
    at,
    url,
    durationMs: result.durationMs,
    statusCode: isAnswer ? result.status : null,
    responseBody: isAnswer ? result.body.slice(0, RESPONSE_KEPT_MAX) : null,
    error: failureOf(result),
  }
}
