import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TOPICS } from '#core/outbox/topics.ts'
import { subjectKind } from '#core/webhook/event.ts'
import { EVENT_TOPICS, isEventTopic } from '#core/webhook/event-topics.ts'

it('leaves the topics of lanes and chains out, which are no tenant’s', () => {
  expect(TOPICS.filter((topic) => !isEventTopic(topic))).toEqual([
    'lane.paused',
    'lane.resumed',
    'chain.halted',
  ])
})

it('knows what every topic is about', () => {
  const nouns = EVENT_TOPICS.map((topic) => [topic.split('.')[0], subjectKind(topic)])
  for (const [noun, kind] of nouns) expect(kind).toBe(noun === 'ledger' ? 'reconciliation' : noun)
})

it('documents every topic', () => {
  const docs = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
  expect(EVENT_TOPICS.filter((topic) => !docs.includes(`\`${topic}\``))).toEqual([])
})
