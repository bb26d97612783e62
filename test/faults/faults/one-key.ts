import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { answerOf, bodyOf, type Payment, type Player, record } from '../stage.ts'

const REQUESTS = 1_000
const REQUESTS_FULL = 10_000
const OTHERS = 100

/** A client that has lost its mind: the same key, from everywhere at once; then the same key for something else. */
export const oneKey: Fault = {
  id: 'F16',
  name: '1,000 to 10,000 requests at once with one idempotency key, on two apis, then 100 to 10,000 with another body',
  drainedWithinS: 30,
  fleet: { apis: 2, workers: 1 },
  async inject(_bed, random, scene) {
    const [player] = scene.stage.players
    const { users } = player.partner
    const requests = scene.isFullLength ? REQUESTS_FULL : REQUESTS
    const key = `one-key-${scene.seed}`
    const to = random.pick(users).id
    const payment: Payment = { type: 'reward', to, amount: scene.stage.nextAmount() }
    const intent = record(player, scene.stage.story, key, payment, 0)
    const answers = await askAtOnce(player, key, payment, requests)
    // Refused in between or not: whoever asks once more is told what became of it.
    const { status, body } = await player.caller.ask({
      method: 'POST',
      path: '/v3/transactions',
      body: bodyOf(payment),
      idempotencyKey: key,
    })
    intent.answer = answerOf(status, body)
    const other = { ...payment, amount: payment.amount + 1n }
    const others = await askAtOnce(player, key, other, scene.isFullLength ? REQUESTS_FULL : OTHERS)
    note(scene, [...wrongAnswers(answers, ['accepted', 'idempotency_key_in_progress'])])
    // While the same key is asked about by others, that is what a caller hears; whoever asks again hears why not.
    note(scene, [...wrongAnswers(others, ['idempotency_key_reused', 'idempotency_key_in_progress'])])
    const last = await askAtOnce(player, key, other, 1)
    note(scene, [...wrongAnswers(last, ['idempotency_key_reused'])])
  },
  async heal() {},
  check: (scene) => notes.get(scene) ?? [],
}

const notes = new WeakMap<Scene, Finding[]>()

function note(scene: Scene, whats: readonly string[]): void {
  const findings = whats.map((what): Finding => ({ verdict: 'V1', kind: 'mismatch', what }))
  notes.set(scene, [...(notes.get(scene) ?? []), ...findings])
}

/** How often each answer came. */
async function askAtOnce(
  { caller }: Player,
  idempotencyKey: string,
  payment: Payment,
  requests: number,
): Promise<Map<string, number>> {
  const question = {
    method: 'POST' as const,
    path: '/v3/transactions',
    body: bodyOf(payment),
    idempotencyKey,
  }
  const answers = await Promise.all(Array.from({ length: requests }, async () => caller.askOnce(question)))
  const counts = new Map<string, number>()
  for (const answer of answers) {
    const told = answer === null ? { refused: 'no answer' } : answerOf(answer.status, answer.body)
    const name = 'transactionId' in told ? 'accepted' : Object.values(told).join()
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Overload may be said to anybody. */
function* wrongAnswers(counts: ReadonlyMap<string, number>, right: readonly string[]): Generator<string> {
  for (const [name, count] of counts)
    if (!right.includes(name) && name !== 'overloaded')
      yield `${count} of the requests with one key were answered "${name}"`
}
