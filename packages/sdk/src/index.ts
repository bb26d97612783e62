export { ApiError, type FieldError } from './api-error.ts'
export type { ApiRequest, CallOptions, ExecuteOptions } from './caller.ts'
export type { RetryNotice } from './create-caller.ts'
export {
  ConnectionFailed,
  RequestTimedOut,
  TransactionFailed,
  WaitTimedOut,
  WebhookNotVerified,
} from './errors.ts'
export type { CoinTransfer, Device, EventSubject } from './event-subject.ts'
export * from './generated/errors.ts'
export * from './generated/resources.ts'
export type * from './generated/types.ts'
export { type Amount, fromUnits, sumUnits, toUnits } from './money.ts'
export { Ost, type OstOptions } from './ost.ts'
export { type Page, Pages } from './pages.ts'
export type { SigningKey } from './sign-request.ts'
export type { AwaitedStatus, WaitOptions } from './wait-for.ts'
export { type ReceivedWebhook, verifyWebhook } from './webhooks.ts'
