import type { Clock } from '../shared/clock.ts'
import { SignInDelayed } from './errors.ts'
import { closeAttempt, openAttempt, type SignInGuard, type SignInSubject } from './sign-in-guard.ts'

/**
 * Asks `isRight` unless too much failed before. The failure is counted first and taken back after, so that attempts at the same time count
 * too; nothing is locked while a password is hashed.
 *
 * @returns null when it was not right
 * @throws SignInDelayed, and whatever `isRight` throws; the attempt counts then
 */
export async function tryPassword<Found>(
  { signInGuard, clock }: { signInGuard: SignInGuard; clock: Clock },
  subject: SignInSubject,
  isRight: () => Promise<Found | null>,
): Promise<Found | null> {
  const now = clock.now()
  const attempt = await signInGuard.update(subject, now, (tallies) => {
    const opened = openAttempt(tallies, now)
    return { tallies: opened.isOpen ? opened.counted : null, result: opened }
  })
  if (!attempt.isOpen) throw new SignInDelayed(Math.ceil(attempt.waitMs / 1_000))
  const found = await isRight()
  if (found === null) return null
  const then = clock.now()
  await signInGuard.update(subject, then, (tallies) => ({
    tallies: closeAttempt(tallies, attempt.kinds, attempt.counted, then),
    result: null,
  }))
  return found
}
