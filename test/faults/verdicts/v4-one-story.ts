import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot, EventRow, TransactionRow } from '../snapshot.ts'
import { TOLD_TOPICS } from '../story.ts'

/** Rows, the API and the log of events tell the same: one event per change, each to its own tenant, all of them passed on. */
export const oneStory: Verdict = ({ economies, eventsUnread }) => {
  const whats = economies.flatMap((economy) => [
    ...judgeEvents(economy),
    ...judgeAnswers(economy),
    ...judgeWebhooks(economy),
  ])
  if (eventsUnread > 0) whats.push(`${eventsUnread} events were not passed on`)
  return whats.map((what): Finding => ({ verdict: 'V4', kind: 'mismatch', what }))
}

function judgeEvents({ tenantId, transactions, submissions, events }: EconomySnapshot): string[] {
  const replaced = submissions.filter(({ status }) => status === 'replaced')
  const bySubject = Map.groupBy(events, (event) => event.subject_id)
  const known = new Set(transactions.map(({ id }) => id))
  const whats = transactions.flatMap((row) => {
    const again = replaced.filter(({ transaction_ids: ids }) => ids.includes(row.id)).length
    return judgeEventsOf(row, bySubject.get(row.id) ?? [], again)
  })
  for (const { subject_id: id, topic, tenant_id: tenant } of events) {
    if (!known.has(id)) whats.push(`${topic} tells of ${id}, which does not exist`)
    if (tenant !== tenantId) whats.push(`${topic} of ${id} goes to tenant ${tenant}`)
  }
  for (const { id, tenant_id: tenant } of transactions)
    if (tenant !== tenantId) whats.push(`${id} belongs to tenant ${tenant}`)
  return whats
}

/** Each change once; what a re-org took back, or what lost its nonce to somebody else, once more. */
function judgeEventsOf(
  { id, status }: TransactionRow,
  events: readonly EventRow[],
  queuedAgain: number,
): string[] {
  const count = (topic: string) => events.filter((event) => event.topic === `transaction.${topic}`).length
  const takenBack = (...from: string[]) =>
    events.filter(
      (event) => event.topic === 'transaction.reorged' && from.includes(event.previous_status ?? ''),
    ).length
  const is = (...wanted: string[]) => (wanted.includes(status) ? 1 : 0)
  const expected = {
    queued: 1 + queuedAgain,
    mined: is('mined', 'confirmed') + takenBack('mined', 'confirmed'),
    confirmed: is('confirmed') + takenBack('confirmed'),
    failed: is('failed') + takenBack('failed'),
  }
  const whats = Object.entries(expected)
    .filter(([topic, times]) => count(topic) !== times)
    .map(
      ([topic, times]) => `${id} is ${status} and told "${topic}" ${count(topic)} times instead of ${times}`,
    )
  if (status !== 'queued' && count('submitted') === 0)
    whats.push(`${id} is ${status} and was never told "submitted"`)
  return whats
}

/** Every event that the webhook is for has come at least once, and nothing else has. */
function judgeWebhooks({ events, received }: EconomySnapshot): string[] {
  const due = new Map(
    events.filter(({ topic }) => TOLD_TOPICS.includes(topic)).map((event) => [event.id, event]),
  )
  const whats: string[] = []
  for (const id of new Set(received))
    if (!due.delete(id)) whats.push(`the webhook received ${id}, which is no event of the economy`)
  for (const { topic, subject_id: id } of due.values())
    whats.push(`the webhook never received ${topic} of ${id}`)
  return whats
}

/** What the partner sees is what there is, and nobody else's. */
function judgeAnswers({ told, transactions }: EconomySnapshot): string[] {
  const rows = new Map(transactions.map(({ id, status }) => [id, status]))
  const seen = new Map(told.map(({ id, status }) => [id, status]))
  const whats: string[] = []
  for (const [id, status] of seen) {
    if (!rows.has(id)) whats.push(`the API shows ${id}, which is not the partner's`)
    else if (rows.get(id) !== status) whats.push(`the API says ${id} is ${status}, its row ${rows.get(id)}`)
  }
  for (const id of rows.keys()) if (!seen.has(id)) whats.push(`the API does not show ${id}`)
  if (seen.size !== told.length) whats.push('the API shows something twice')
  return whats
}
