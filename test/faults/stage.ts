import { TypeID } from 'typeid-js'
import type { WireTransactionBatch } from '#apps/cli/wire.ts'
import { createPartner, type Partner, TIP_COMMISSION_BPS, untilAllEnded } from '#test/e2e/partner.ts'
import { type Sink, startSink } from '#test/support/webhook-sink.ts'
import type { Bed } from './bed.ts'
import { type Caller, createCaller } from './caller.ts'
import { type Intent, type Leg, newStory, type Story, TOLD_TOPICS } from './story.ts'

const USERS = 24
const NEIGHBOURS = 4
/** Base units; what the load moves stays far below. */
const PLENTY = 10n ** 15n

/** One business on the stage, with a client of its own. */
export interface Player {
  partner: Partner
  /** UUID, as the rows have it. */
  economyId: string
  tokenAddress: string
  caller: Caller
  /** Where the economy's webhooks go: what ended, and how. */
  sink: Sink
  /** Every address of the economy in lower case, by the id on the wire. */
  addresses: ReadonlyMap<string, string>
  companyId: string
}

/** Two tenants who pay, and what they were told: everything that a judge needs beside the rows and the chain. */
export interface Stage {
  bed: Bed
  story: Story
  /** The busy one, and a neighbour who must never notice. */
  players: readonly [Player, Player]
  /** No amount on a stage appears twice, so that a payment made twice is not taken for another one. */
  nextAmount(): bigint
  close(): Promise<void>
}

/** Makes two businesses through the API, with people who have something to spend. */
export async function openStage(bed: Bed): Promise<Stage> {
  const story = newStory()
  let amount = 1_000_000n
  const nextAmount = () => (amount += 1n)
  const [first, second] = await Promise.all([
    openPlayer(bed, story, USERS),
    openPlayer(bed, story, NEIGHBOURS),
  ])
  const players = [first, second] as const
  await Promise.all(players.map(async (player) => fund(player, story, nextAmount)))
  return {
    bed,
    story,
    players,
    nextAmount,
    async close() {
      await Promise.all(players.flatMap(({ caller, sink }) => [caller.close(), sink.stop()]))
    },
  }
}

async function openPlayer(bed: Bed, story: Story, users: number): Promise<Player> {
  const partner = await createPartner(bed, { users })
  const { token } = partner
  const sink = await startSink()
  await partner.client.post('/v3/webhooks', { url: sink.url, topics: TOLD_TOPICS })
  const addresses = new Map(partner.users.map(({ id, address }) => [id, address]))
  addresses.set(token.company.user_id, token.company.address.toLowerCase())
  return {
    partner,
    economyId: uuidOfWire(partner.economy.id),
    tokenAddress: token.address.toLowerCase(),
    caller: createCaller({
      urls: () => bed.apis.map(({ url }) => url),
      key: partner.key.secret,
      attempts: story.attempts,
    }),
    sink,
    addresses,
    companyId: token.company.user_id,
  }
}

async function fund(player: Player, story: Story, nextAmount: () => bigint): Promise<void> {
  const payments = player.partner.users.map(({ id }) => ({
    type: 'reward' as const,
    to: id,
    amount: PLENTY + nextAmount(),
  }))
  await payBatch(player, story, 'funds', payments)
  await untilAllEnded(player.partner)
}

/** A payment as a business thinks of it. `from` is absent for rewards, `to` for purchases. */
export type Payment =
  | { type: 'reward'; to: string; amount: bigint }
  | { type: 'tip'; from: string; to: string; amount: bigint }
  | { type: 'purchase'; from: string; amount: bigint }

/** Asks for one payment until the answer is final. */
export async function payOne(
  player: Player,
  story: Story,
  idempotencyKey: string,
  payment: Payment,
  hangUpAfterMs?: number,
): Promise<Intent> {
  const intent = record(player, story, idempotencyKey, payment, 0)
  const { status, body } = await player.caller.ask({
    method: 'POST',
    path: '/v3/transactions',
    body: bodyOf(payment),
    idempotencyKey,
    ...(hangUpAfterMs !== undefined && { hangUpAfterMs }),
  })
  intent.answer = answerOf(status, body)
  return intent
}

/** Asks for many at once; each is answered by itself. */
export async function payBatch(
  player: Player,
  story: Story,
  idempotencyKey: string,
  payments: readonly Payment[],
): Promise<Intent[]> {
  const intents = payments.map((payment, item) => record(player, story, idempotencyKey, payment, item))
  const { status, body } = await player.caller.ask({
    method: 'POST',
    path: '/v3/transactions/batch',
    body: { transactions: payments.map(bodyOf) },
    idempotencyKey,
  })
  if (status >= 300) {
    for (const intent of intents) intent.answer = answerOf(status, body)
    return intents
  }
  // The API builds its answers by the schemas that /openapi.json shows.
  for (const { index, transaction, problem } of (body as WireTransactionBatch).data) {
    const intent = intents[index]
    if (intent === undefined) throw new Error(`the answer has an item ${index} that was not asked for`)
    intent.answer = transaction
      ? { transactionId: uuidOfWire(transaction.id) }
      : { refused: problem?.code ?? 'unknown' }
  }
  return intents
}

export function bodyOf(payment: Payment): Record<string, string> {
  const amount = `${payment.amount}`
  switch (payment.type) {
    case 'reward':
      return { type: 'reward', to_user_id: payment.to, amount }
    case 'tip':
      return { type: 'tip', from_user_id: payment.from, to_user_id: payment.to, amount }
    case 'purchase':
      return { type: 'purchase', from_user_id: payment.from, amount }
  }
}

/** Written down before the request goes out: what gets no answer must still be known to have been asked for. */
export function record(
  player: Player,
  story: Story,
  idempotencyKey: string,
  payment: Payment,
  item: number,
): Intent {
  const intent: Intent = {
    economyId: player.economyId,
    idempotencyKey,
    item,
    legs: legsOf(player, payment),
  }
  story.intents.push(intent)
  return intent
}

export function answerOf(status: number, body: unknown): NonNullable<Intent['answer']> {
  if (status === 401) return { unknown: 'unauthenticated' }
  if (typeof body !== 'object' || body === null) return { refused: `http_${status}` }
  if (status < 300 && 'id' in body) return { transactionId: uuidOfWire(String(body.id)) }
  return { refused: 'code' in body ? String(body.code) : `http_${status}` }
}

const BPS = 10_000n

function legsOf({ addresses, companyId }: Player, payment: Payment): Leg[] {
  const at = (id: string) => addresses.get(id) ?? `nobody (${id})`
  const company = at(companyId)
  const { amount } = payment
  switch (payment.type) {
    case 'reward':
      return [{ from: company, to: at(payment.to), amount }]
    case 'purchase':
      return [{ from: at(payment.from), to: company, amount }]
    case 'tip': {
      const from = at(payment.from)
      const commission = (amount * BigInt(TIP_COMMISSION_BPS)) / BPS
      const legs = [{ from, to: at(payment.to), amount }]
      return commission > 0n ? [...legs, { from, to: company, amount: commission }] : legs
    }
  }
}

/** The UUID inside a wire id: what the rows call it. */
export function uuidOfWire(id: string): string {
  return TypeID.fromString(id).toUUID()
}
