/**
 * Remembers answers, absence included, for `ttlMs` counted from the question, and joins questions asked at the same time.
 * Holds at most `max` of them and forgets the oldest first. A failed question is not remembered. What is known is given at
 * once: most requests have nothing to wait for.
 */
export function cacheBriefly<Answer>(
  ask: (key: string) => Promise<Answer>,
  ttlMs: number,
  max: number,
): (key: string) => Answer | Promise<Answer> {
  const known = new Map<string, { answer: Answer | Promise<Answer>; askedAt: number }>()
  return (key) => {
    const now = performance.now()
    const hit = known.get(key)
    if (hit && now - hit.askedAt < ttlMs) return hit.answer
    const answer = ask(key)
    const entry: { answer: Answer | Promise<Answer>; askedAt: number } = { answer, askedAt: now }
    known.delete(key)
    known.set(key, entry)
    answer.then(
      (value) => {
        entry.answer = value
      },
      () => known.delete(key),
    )
    const [oldest] = known.keys()
    if (known.size > max && oldest !== undefined) known.delete(oldest)
    return answer
  }
}
