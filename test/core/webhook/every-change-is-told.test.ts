import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { AirdropStatus } from '#core/airdrop/airdrop.ts'
import { ECONOMY_CALL_STATUSES, ECONOMY_CALLS, topicOfCall } from '#core/chain/economy-call.ts'
import { COIN_TRANSFER, FAUCET_GRANT, NONCE_FILLER, TRANSFER_BATCH } from '#core/chain/submission.ts'
import type { EconomyStatus } from '#core/economy/economy.ts'
import { MESSAGE_TOPICS, topicOfChange } from '#core/gateway/message-topics.ts'
import { MESSAGE_STATUSES, STAKE_STATUSES } from '#core/gateway/message.ts'
import type { RedemptionStatus } from '#core/redemption/redemption.ts'
import type { TransactionStatus } from '#core/transaction/transaction.ts'
import { EVENT_TOPICS, type EventTopic } from '#core/webhook/event-topics.ts'

/** What tells that something came to a status. A new status does not compile before it is told. */
const TOLD_BY = {
  transaction: {
    queued: ['transaction.queued'],
    submitted: ['transaction.submitted', 'transaction.reorged'],
    mined: ['transaction.mined'],
    confirmed: ['transaction.confirmed'],
    failed: ['transaction.failed'],
  } satisfies Record<TransactionStatus, EventTopic[]>,
  economy: {
    draft: ['economy.created'],
    deploying: ['economy.created', 'economy.updated'],
    active: ['economy.active', 'economy.resumed'],
    failed: ['economy.failed'],
    paused: ['economy.paused'],
  } satisfies Record<EconomyStatus, EventTopic[]>,
  airdrop: {
    queued: ['airdrop.created'],
    running: ['airdrop.running'],
    completed: ['airdrop.completed'],
    failed: ['airdrop.failed'],
  } satisfies Record<AirdropStatus, EventTopic[]>,
  /** Until it is decided, an order's status is that of the transaction which pays for it. */
  redemption: {
    initiated: ['redemption.created'],
    accepted: ['transaction.confirmed'],
    failed: ['transaction.failed'],
    fulfilled: ['redemption.fulfilled'],
    cancelled: ['redemption.cancelled'],
  } satisfies Record<RedemptionStatus, EventTopic[]>,
}

/** Where an economy's tables tell of what is written to them: by the nouns of their topics. */
const TOLD: Record<string, string[]> = {
  economy: ['economy'],
  economy_step: ['economy'],
  economy_user: ['user'],
  wallet: ['user', 'transaction'],
  device: ['device'],
  transaction_type: ['transaction_type'],
  token_rule: ['token_rule'],
  token_rule_version: ['token_rule'],
  price_point: ['price_point'],
  transaction: ['transaction'],
  transaction_bundle: ['transaction'],
  bundle_member: ['transaction'],
  transaction_label: ['transaction'],
  account: ['transaction'],
  reconciliation: ['ledger'],
  redeemable_sku: ['redeemable_sku'],
  redemption: ['redemption'],
  airdrop: ['airdrop'],
  chain_submission: ['transaction', 'token_grant', 'coin_transfer'],
  gateway_message: ['stake', 'unstake'],
  gateway_message_step: ['stake', 'unstake'],
  backing: ['stake', 'unstake'],
  backing_account: ['stake', 'unstake', 'ledger'],
  backing_message: ['stake', 'unstake'],
  redeemer: ['unstake'],
  unstake_consent: ['unstake'],
  webhook_endpoint: ['webhook'],
}

/** Tables without a topic, and why. */
const NOT_TOLD: Record<string, string> = {
  tenant: 'administration: audit log',
  member: 'administration: audit log',
  member_credential: 'administration: audit log',
  member_invitation: 'administration: audit log',
  member_session: 'administration: audit log',
  refresh_token: 'administration: audit log',
  api_key: 'administration: audit log; a receiver of events need not know the keys',
  audit_log: 'is itself a log, with a scope of its own',
  sign_in_tally: 'platform',
  token_signing_key: 'platform',
  chain: 'platform',
  lane: 'platform',
  chain_cursor: 'platform',
  chain_block: 'platform',
  anchor_key: 'platform',
  anchoring: 'platform',
  price_report: 'platform; what it makes of prices is a price_point',
  submission_attempt: 'how a lane sends; the submission is told of',
  queued_transaction: 'an index of transactions',
  activity: 'counters of rules',
  idempotency_record: 'answers of requests',
  entry: 'movements: GET /v3/users/{id}/ledger and the subscription balanceChanged, whoever moved',
  backing_entry: 'movements: GET /v3/token/backing, whoever moved',
  wallet_session: 'users’ own wallets, which nothing makes yet',
  device_manager: 'users’ own wallets, which nothing makes yet',
  recovery_owner: 'users’ own wallets, which nothing makes yet',
  outbox_record: 'is the log',
  outbox_cursor: 'is the log',
  webhook_event: 'what is told',
  webhook_delivery: 'what is told',
  webhook_attempt: 'what is told',
  webhook_replay: 'what is told',
}

it('every status of a transaction, an economy, an airdrop and an order is told by a topic', () => {
  const topics = Object.values(TOLD_BY).flatMap((statuses) => Object.values(statuses).flat())
  expect(topics.filter((topic) => !EVENT_TOPICS.includes(topic))).toEqual([])
})

it.each(['stake', 'redeem'] as const)('every status of a %s has a topic of its own', (kind) => {
  const topics = Object.values(MESSAGE_TOPICS[kind])
  // Both ways to begin are told alike.
  expect(new Set(topics).size).toBe(STAKE_STATUSES.length + (kind === 'redeem' ? 1 : 0))
  for (const topic of topics) expect(EVENT_TOPICS).toContain(topic)
})

it('a stake is told of when its status changes, or when something new holds it up', () => {
  const at = (status: (typeof MESSAGE_STATUSES)[number], problem: string | null = null) => ({
    status,
    problem,
  })
  const told = (before: ReturnType<typeof at>, after: ReturnType<typeof at>) =>
    topicOfChange('stake', before, after)
  expect(told(at('signed'), at('declared'))).toBe('stake.declared')
  expect(told(at('signed', 'no gas'), at('declared'))).toBe('stake.declared')
  expect(told(at('confirmed'), at('confirmed', 'limit'))).toBe('stake.stalled')
  expect(told(at('confirmed', 'limit'), at('confirmed', 'limit'))).toBeNull()
  expect(told(at('confirmed', 'limit'), at('confirmed'))).toBeNull()
  expect(topicOfChange('redeem', at('signed'), at('signed', 'no allowance'))).toBe('unstake.stalled')
})

it('every status of a call that an economy asks for has a topic, and other submissions have none', () => {
  for (const [kind, noun] of Object.entries(ECONOMY_CALLS))
    for (const status of [...ECONOMY_CALL_STATUSES, 'reorged'] as const) {
      expect(topicOfCall(kind, status)).toBe(`${noun}.${status}`)
      expect(EVENT_TOPICS).toContain(`${noun}.${status}`)
    }
  expect(Object.keys(ECONOMY_CALLS)).toEqual([FAUCET_GRANT, COIN_TRANSFER])
  for (const kind of [TRANSFER_BATCH, NONCE_FILLER, 'create_economy', 'toString'])
    expect(topicOfCall(kind, 'mined')).toBeNull()
})

it('it is decided for every table whether what is written to it is told', () => {
  const schema = readFileSync(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8')
  const tables = [...schema.matchAll(/@@map\("(\w+)"\)/g)].map((match) => match[1] ?? '')
  expect([...Object.keys(TOLD), ...Object.keys(NOT_TOLD)].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    tables.toSorted((a, b) => (a < b ? -1 : 1)),
  )
  const nouns = new Set(EVENT_TOPICS.map((topic) => topic.split('.')[0]))
  expect(
    Object.values(TOLD)
      .flat()
      .filter((noun) => !nouns.has(noun)),
  ).toEqual([])
  expect(
    [...nouns].filter(
      (noun) =>
        !Object.values(TOLD)
          .flat()
          .includes(noun ?? ''),
    ),
  ).toEqual([])
})
