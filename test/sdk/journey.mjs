// What a partner's program does, as it runs anywhere: it has nothing but the SDK.
import { InsufficientFunds, Ost, toUnits, verifyWebhook } from '@ost-kit/sdk'

/**
 * Pays a new user, waits for the chain, reads back, is refused once, and verifies a webhook.
 * @param {{ connection: object, name: string, webhook: { body: string, headers: Record<string, string>, secret: string } }} input
 */
export async function journey({ connection, name, webhook }) {
  const ost = new Ost(connection)
  const [user, friend] = [await ost.users.create({ external_id: name }), await ost.users.create({ name })]
  const { decimals } = await ost.token.get()
  const amount = toUnits('1.5', decimals)
  const queued = await ost.transactions.execute({ type: 'reward', to_user_id: user.id, amount })
  const paid = await ost.waitFor(queued.id, { status: 'confirmed', timeoutMs: 60_000 })
  const refusal = await ost.transactions
    .execute({ type: 'tip', from_user_id: user.id, to_user_id: friend.id, amount: toUnits('9', decimals) })
    .catch((error) => error)
  const events = await eventsUntil(ost, queued.id, 'transaction.confirmed')
  return {
    status: paid.status,
    available: (await ost.balances.get(user.id)).available,
    refusal: { isOfItsClass: refusal instanceof InsufficientFunds, code: refusal.code },
    events,
    verified: (await verifyWebhook(webhook)).id,
  }
}

/** What happened to a transaction. The log shows an event when all that came before it is decided, which may be a moment after the fact. */
async function eventsUntil(ost, id, last) {
  for (;;) {
    const events = []
    for await (const event of ost.events.list({ limit: 2 }))
      if (event.data?.id === id) events.push(event.type)
    if (events.includes(last)) return events
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
