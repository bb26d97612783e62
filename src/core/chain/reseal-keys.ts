import type { Observer } from '../shared/observer.ts'

/** Values of each kind that one run seals anew; it counts the others, and the next run goes on. */
const VALUES_PER_RUN_MAX = 10_000
const VALUES_PER_STEP = 200

/** A stored value that was encrypted under a key-encryption key. */
export interface SealedValue {
  /** Names the row; rows are read in its order. */
  id: string
  sealed: string
}

/**
 * Port: one kind of sealed values at rest, and the key-encryption keys that this process holds for it.
 * `replace` is a compare-and-set: it writes only where the stored text is still `from`.
 */
export interface SealedKind {
  /** As metrics and logs name it. */
  name: string
  /** Rows after the id `after` (null: from the first), in order. */
  read(after: string | null, limit: number): Promise<SealedValue[]>
  isOutdated(sealed: string): boolean
  /** The same secret under the current key. @throws when the value cannot be opened. */
  reseal(value: SealedValue): Promise<string>
  /** False when the row has another value by now: somebody else was faster. */
  replace(id: string, from: string, to: string): Promise<boolean>
}

export interface ResealReport {
  resealed: number
  /** Still under another key after this run; with `unreadable` among them. */
  outdated: number
  /** Under a key that this process does not hold, or altered. */
  unreadable: number
  /** False when its bound ended the run. */
  isComplete: boolean
}

/**
 * Seals every stored value anew that is not under the current key-encryption key, row by row. What the values hold does not
 * change, so neither addresses nor anything signed does.
 *
 * May be killed anywhere and run by any number of processes: each row is one compare-and-set, and both texts can be opened
 * by everybody who holds both keys. A value that cannot be opened is left as it is and reported; the others go on.
 */
export async function resealKeys(deps: {
  kinds: readonly SealedKind[]
  observer: Observer
}): Promise<ResealReport> {
  const total: ResealReport = { resealed: 0, outdated: 0, unreadable: 0, isComplete: true }
  for (const kind of deps.kinds) {
    const report = await resealKind(deps, kind)
    deps.observer.gauge('keys_outdated', report.outdated, { kind: kind.name })
    total.resealed += report.resealed
    total.outdated += report.outdated
    total.unreadable += report.unreadable
    total.isComplete &&= report.isComplete
  }
  if (total.resealed > 0) {
    const { isComplete: _, ...figures } = total
    deps.observer.log('info', total.outdated === 0 ? 'keys.all_current' : 'keys.resealed', figures)
  }
  return total
}

async function resealKind(deps: { observer: Observer }, kind: SealedKind): Promise<ResealReport> {
  const report: ResealReport = { resealed: 0, outdated: 0, unreadable: 0, isComplete: true }
  let after: string | null = null
  for (;;) {
    const values: SealedValue[] = await kind.read(after, VALUES_PER_STEP)
    for (const value of values.filter(({ sealed }) => kind.isOutdated(sealed))) {
      report.isComplete &&= report.resealed < VALUES_PER_RUN_MAX
      if (report.isComplete) await resealValue(deps, kind, value, report)
      else report.outdated += 1
    }
    after = values.at(-1)?.id ?? after
    if (values.length < VALUES_PER_STEP) return report
  }
}

async function resealValue(
  { observer }: { observer: Observer },
  kind: SealedKind,
  value: SealedValue,
  report: ResealReport,
): Promise<void> {
  try {
    const sealed = await kind.reseal(value)
    // When somebody else was faster, that is who sealed it; the next run looks again.
    if (await kind.replace(value.id, value.sealed, sealed)) report.resealed += 1
  } catch (error) {
    report.outdated += 1
    report.unreadable += 1
    observer.log('error', 'keys.unreadable', {
      kind: kind.name,
      id: value.id,
      error: error instanceof Error ? error.message : String(error),
    })
  }
}
