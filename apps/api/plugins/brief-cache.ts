/**
 * Remembers answers, absence included, for `ttlMs` counted from the question, and joins questions asked at the same time.
 * Holds at most `max` of them and forgets the oldest first. A failed question is not remembered.
 */
export function cacheBriefly<Answer>(
  ask: (key: string) => Promise<Answer>,
  ttlMs: number,
  max: number,
): (key: string) => Promise<Answer> {
  const known = new Map<string, { answer: Promise<Answer>; askedAt: number }>()
  return (key) => {
    const now = performance.now()
    const hit = known.get(key)
    if (hit && now - hit.askedAt < ttlMs) return hit.answer
    const answer = ask(key)
    known.delete(key)
    known.set(key, { answer, askedAt: now })
    answer.catch(() => known.delete(key))
    const [oldest] = known.keys()
    if (known.size > max && oldest !== undefined) known.delete(oldest)
    return answer
  }
}
