/** Measures both; who goes first changes from round to round, so that a machine that slows down favours neither. @param round from 1. */
export async function inTurn<Result>(
  round: number,
  sides: { ours: () => Promise<Result>; beside: () => Promise<Result> },
): Promise<{ ours: Result; beside: Result }> {
  if (round % 2 === 1) {
    const beside = await sides.beside()
    return { beside, ours: await sides.ours() }
  }
  const ours = await sides.ours()
  return { ours, beside: await sides.beside() }
}
