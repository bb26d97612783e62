import type { BaseUnits } from '../shared/money.ts'
import type { Difference, DifferenceKind } from './reconciliation-store.ts'

/** A difference where two amounts of base units are not equal; nothing where they are. @param of What it is about, if it is of one thing. */
export function unequal(
  kind: DifferenceKind,
  of: { id?: string; address: string } | null,
  expected: BaseUnits,
  found: BaseUnits,
): Difference[] {
  if (expected === found) return []
  return [
    {
      kind,
      subjectId: of?.id ?? null,
      ...(of && { address: of.address }),
      expected: expected.toString(),
      found: found.toString(),
    },
  ]
}
