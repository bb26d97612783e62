import type {
  Airdrop,
  ApiKey,
  Backing,
  Balance,
  CreatedTenant,
  Economy,
  EconomyReconciliations,
  Event,
  Invitation,
  IssuedApiKey,
  IssuedWebhook,
  Keys,
  Lane,
  LatestPricePoint,
  Member,
  Outbox,
  PlatformReconciliationRequest,
  PricePoint,
  Problem,
  Reconciliation,
  ReconciliationRequest,
  Stake,
  Submission,
  Tenant,
  Timeline,
  Token,
  Transaction,
  TransactionBatch,
  TransactionType,
  Unstake,
  User,
  UserBatch,
  ValueGrant,
  Webhook,
  WebhookDelivery,
  WebhookReplay,
} from '#sdk'

/** Answers of the API as our own programs read them: the SDK's types, which are generated from the API's description. */
/** As much of a problem as every answer has that carries one, items of a batch included. */
export type WireProblem = Pick<Problem, 'code' | 'detail'> & { details?: Readonly<Record<string, unknown>> }
export type WireTenant = Tenant
export type WireMember = Member
export type WireInvitation = Invitation
export type WireApiKey = ApiKey
export type WireIssuedApiKey = IssuedApiKey
export type WireCreatedTenant = CreatedTenant
export type WireEconomy = Economy
export type WireEconomyStep = Economy['steps'][number]
export type WireToken = Token
export type WireUser = User
export type WireUserBatch = UserBatch
export type WireBalance = Balance
export type WireTransactionType = TransactionType
export type WireTransaction = Transaction
export type WireTransactionBatch = TransactionBatch
export type WireTimeline = Timeline
export type WireAirdrop = Airdrop
export type WireReconciliation = Reconciliation
export type WireReconciliationRequest = ReconciliationRequest
export type WireLane = Lane
export type WireSubmission = Submission
export type WireOutbox = Outbox
export type WireKeys = Keys
export type WireEconomyReconciliations = EconomyReconciliations
export type WirePlatformReconciliationRequest = PlatformReconciliationRequest
export type WireWebhook = Webhook
export type WireIssuedWebhook = IssuedWebhook
export type WireDelivery = WebhookDelivery
export type WireEvent = Event
export type WireReplay = WebhookReplay

/** A page of a list. */
export interface WirePage<Row> {
  data: Row[]
  next_cursor: string | null
}

/** A page of the log: it has a cursor at the log's end too. */
export interface WireEventPage extends WirePage<WireEvent> {
  has_more: boolean
}
export type WireStake = Stake
export type WirePricePoint = PricePoint
export type WireLatestPrice = LatestPricePoint
export type WireUnstake = Unstake
export type WireBacking = Backing
export type WireValueGrant = ValueGrant
