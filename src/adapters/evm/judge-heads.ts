/** What a node says of its chain in one look. */
export interface HeadReport {
  /** Where it says that its head is (`eth_blockNumber`). */
  claimed: number
  /** The newest block that it shows. */
  head: number
  /** The time of that block, in seconds since 1970. */
  headTime: number
  /** Hashes of its blocks at the heights that all are compared at, lowest first; null: it has none there. */
  hashes: readonly (string | null)[]
  /** The hash of its block at the anchor's height; null: it has none there, or there is no anchor. */
  hashAtAnchor: string | null
}

/** A block known to be final on our chain. */
export interface Anchor {
  number: number
  hash: string
}

/**
 * fit: may be asked · stale: on our chain but too far behind · lying: it names a head that it cannot show, or a final block of
 * its is not ours · silent: it gave no report, so nothing is learnt of it.
 */
export type HeadVerdict = 'fit' | 'stale' | 'lying' | 'silent'

/** Seconds. A head with a time further ahead of ours than this was made up, or our clock is wrong. */
const FUTURE_SECONDS_MAX = 60

/**
 * The heights at which nodes are compared: final on the one furthest behind, so that every node has it, and final on each that
 * is not stale, so that one that was rolled back far does not hide what the others say.
 */
export function comparedHeights(
  heads: readonly number[],
  rules: { staleBlocks: number; finalityDepth: number },
): [low: number, high: number] {
  const final = (head: number) => Math.max(0, head - rules.finalityDepth)
  return [final(Math.min(...heads)), final(Math.max(...heads) - rules.staleBlocks)]
}

/**
 * Compares what the nodes of one chain say. The anchor decides, where any node has it; then the majority; where there is none,
 * the node named first in the configuration. With all nodes there and against the anchor none is taken out: then the chain
 * itself has changed, which is the ledger's business to notice and to stop for.
 *
 * @param wasStale Whether each node was out as stale: it comes back only when it has caught up.
 */
export function judgeHeads(
  reports: readonly (HeadReport | null)[],
  rules: { staleBlocks: number; anchor: Anchor | null; wasStale: readonly boolean[]; nowSeconds: number },
): HeadVerdict[] {
  const verdicts = reports.map((report): HeadVerdict => {
    if (!report) return 'silent'
    return report.claimed > report.head + rules.staleBlocks ? 'lying' : 'fit'
  })
  const compared = () =>
    reports.flatMap((report, index) => (report && verdicts[index] === 'fit' ? [{ report, index }] : []))
  const exclude = (isLying: (report: HeadReport) => boolean) => {
    for (const { report, index } of compared()) if (isLying(report)) verdicts[index] = 'lying'
  }

  // Blocks follow each other by a second at least, so a made-up chain that is longer than the real one ends in the future.
  // When all do, it is our own clock.
  const isAhead = ({ headTime }: HeadReport) => headTime > rules.nowSeconds + FUTURE_SECONDS_MAX
  if (compared().some(({ report }) => !isAhead(report))) exclude(isAhead)

  const anchorHash = rules.anchor?.hash
  const isHeldBySome = compared().some(({ report }) => report.hashAtAnchor === anchorHash)
  if (anchorHash !== undefined && (isHeldBySome || reports.includes(null))) {
    exclude(({ hashAtAnchor }) => hashAtAnchor !== null && hashAtAnchor !== anchorHash)
  }
  for (const index of [0, 1]) {
    const agreed = mostNamed(compared().flatMap(({ report }) => report.hashes[index] ?? []))
    exclude(({ hashes }) => typeof hashes[index] === 'string' && hashes[index] !== agreed)
  }

  const best = Math.max(...compared().map(({ report }) => report.head))
  for (const { report, index } of compared()) {
    const blocksBehindMax = rules.wasStale[index] ? 1 : rules.staleBlocks
    if (best - report.head > blocksBehindMax) verdicts[index] = 'stale'
  }
  return verdicts
}

/** The value that occurs most often; of several, the one that occurs first. */
function mostNamed(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  // The order of insertion is the order of the configuration, and a stable sort keeps it.
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0]
}
