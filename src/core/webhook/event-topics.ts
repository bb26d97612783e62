import { TOPICS, type Topic } from '../outbox/topics.ts'

/** Topics of lanes and chains belong to no tenant: they are metrics and logs only. */
type PlatformTopic = 'lane.paused' | 'lane.resumed' | 'chain.halted'

/** What a tenant is told of. */
export type EventTopic = Exclude<Topic, PlatformTopic>

const PLATFORM_TOPICS: ReadonlySet<string> = new Set<PlatformTopic>([
  'lane.paused',
  'lane.resumed',
  'chain.halted',
])

export function isEventTopic(topic: string): topic is EventTopic {
  return !PLATFORM_TOPICS.has(topic) && KNOWN.has(topic)
}

const KNOWN: ReadonlySet<string> = new Set(TOPICS)

/** Every topic a webhook can ask for, in the order of the documentation. */
export const EVENT_TOPICS: readonly EventTopic[] = TOPICS.filter(isEventTopic)
