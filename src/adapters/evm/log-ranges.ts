/** Blocks, both inclusive. */
export interface BlockRange {
  first: number
  last: number
}

/**
 * Reads something of the blocks `first` to `last` in their order, in parts of `size` blocks at most. Nodes bound how much they look through:
 * a part that is refused is asked for by halves, and so are those after it.
 * @param read Null: the node refuses so many blocks. Must not be its answer for a single one.
 */
export async function readByParts<Found>(
  { first, last }: BlockRange,
  size: number,
  read: (part: BlockRange) => Promise<readonly Found[] | null>,
): Promise<Found[]> {
  const found: (readonly Found[])[] = []
  let bound = size
  for (let next = first; next <= last; ) {
    const part = { first: next, last: Math.min(next + bound - 1, last) }
    const answer = await read(part)
    if (answer === null) {
      bound = Math.ceil((part.last - part.first + 1) / 2)
      continue
    }
    found.push(answer)
    next = part.last + 1
  }
  return found.flat()
}
