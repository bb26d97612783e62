/** Failures of one kind of subject. */
export interface Tally {
  failures: number
  lastFailedAt: Date | null
  blockedUntil: Date | null
  trustedUntil: Date | null
}

/** pair: this account from this address · account: from anywhere · address: whatever account. */
export const TALLY_KINDS = ['pair', 'account', 'address'] as const
export type TallyKind = (typeof TALLY_KINDS)[number]
export type Tallies = Record<TallyKind, Tally>

export interface SignInSubject {
  /** The e-mail address in lower case, whether anybody has it or not. */
  account: string
  address: string
}

/** Port: the tallies of a subject, locked while `work` decides; what it gives back is kept. */
export interface SignInGuard {
  update<Result>(
    subject: SignInSubject,
    now: Date,
    work: (tallies: Tallies) => { tallies: Tallies | null; result: Result },
  ): Promise<Result>
}

const SECOND = 1_000
const DAY_MS = 24 * 3_600 * SECOND
/** Milliseconds without a failure after which the failures before are forgotten. */
export const FORGET_MS = DAY_MS
/** Milliseconds for which an address stays the person's own after a sign-in. */
export const TRUST_MS = 30 * DAY_MS

/**
 * Failures that cost nothing, and the longest delay in milliseconds. Every further failure doubles the delay, from a second. What an
 * account can be delayed by strangers is short, and not at all where the person signed in before: otherwise whoever knows an address could
 * shut its owner out. No tally is of a tenant.
 */
export const DELAYS: Readonly<Record<TallyKind, { free: number; maxMs: number }>> = {
  pair: { free: 5, maxMs: 900 * SECOND },
  account: { free: 20, maxMs: 60 * SECOND },
  address: { free: 20, maxMs: 900 * SECOND },
}

export function delayMs(kind: TallyKind, failures: number): number {
  const { free, maxMs } = DELAYS[kind]
  return failures <= free ? 0 : Math.min(maxMs, SECOND * 2 ** Math.min(failures - free - 1, 30))
}

export type Attempt =
  | { isOpen: true; counted: Tallies; kinds: readonly TallyKind[] }
  | { isOpen: false; waitMs: number }

/** Counts an attempt as failed before it is judged, so that many at once gain nothing. Or tells how long to wait. */
export function openAttempt(tallies: Tallies, now: Date): Attempt {
  const isTrusted = tallies.pair.trustedUntil !== null && now < tallies.pair.trustedUntil
  const kinds: readonly TallyKind[] = isTrusted ? ['pair'] : TALLY_KINDS
  const waitMs = Math.max(...kinds.map((kind) => waitOf(kind, tallies[kind], now)))
  if (waitMs > 0) return { isOpen: false, waitMs }
  const counted = { ...tallies }
  for (const kind of kinds) {
    const { failures, lastFailedAt, trustedUntil } = tallies[kind]
    const isFresh = lastFailedAt !== null && now.getTime() - lastFailedAt.getTime() < FORGET_MS
    const next = isFresh ? failures + 1 : 1
    const delay = delayMs(kind, next)
    counted[kind] = {
      failures: next,
      lastFailedAt: now,
      blockedUntil: delay === 0 ? null : new Date(now.getTime() + delay),
      trustedUntil,
    }
  }
  return { isOpen: true, counted, kinds }
}

/** Takes back what openAttempt counted, once the password was right; the address is the person's own from now on. */
export function closeAttempt(
  tallies: Tallies,
  kinds: readonly TallyKind[],
  counted: Tallies,
  now: Date,
): Tallies {
  const closed = { ...tallies }
  for (const kind of kinds) {
    const { failures, blockedUntil, ...rest } = tallies[kind]
    // A delay that a later failure set stays.
    const isOurs = failures === counted[kind].failures
    closed[kind] = {
      ...rest,
      failures: Math.max(0, failures - 1),
      blockedUntil: isOurs ? null : blockedUntil,
    }
  }
  closed.pair = {
    failures: 0,
    lastFailedAt: null,
    blockedUntil: null,
    trustedUntil: new Date(now.getTime() + TRUST_MS),
  }
  return closed
}

/** Never longer than the longest delay, whatever another process's clock wrote. */
function waitOf(kind: TallyKind, { blockedUntil }: Tally, now: Date): number {
  return blockedUntil === null ? 0 : Math.min(DELAYS[kind].maxMs, blockedUntil.getTime() - now.getTime())
}
