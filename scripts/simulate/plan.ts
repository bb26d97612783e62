import { createHash } from 'node:crypto'
import type { Act, Manner } from './act.ts'
import { EconomyPlanner } from './economy-planner.ts'
import { Random } from './random.ts'
import type { World } from './world.ts'

const PER_MILLE = 1_000
/** Of 1,000 acts; a batch carries 78 transfers on average, so a third of all transfers comes in batches. */
const BATCHES = 7
const SEQUENCES = 8
const BATCH_SIZE = { min: 5, max: 150 }
/** Of 1,000 batches. */
const BATCHES_REPLAYED = 100

const MANNERS: Readonly<Record<Manner, number>> = { once: 960, replay: 12, twin: 8, hasty: 12, reuse: 8 }

/**
 * The run's acts, one by one: nothing is kept but what every user has been made to spend. The same world makes the same acts.
 *
 * An accepted payment never spends more than its payer was given at the start, whatever comes in besides, and a refused one
 * would be refused at any moment; so no answer depends on which request overtakes which.
 */
export function* planActs(world: World): Generator<Act> {
  const random = new Random(world.size.seed).fork('acts')
  const planners = world.economies.map((economy) => new EconomyPlanner(economy, random))
  let planned = 0
  let batches = 0
  const draw = (planner: EconomyPlanner) => {
    planned += 1
    return planner.transfer(planned)
  }
  while (planned < world.size.transfers) {
    const left = world.size.transfers - planned
    const planner = random.pick(planners)
    const economy = planner.economy.index
    const dice = random.below(PER_MILLE)
    if (dice < BATCHES && left >= BATCH_SIZE.min) {
      const size = Math.min(left, random.between(BATCH_SIZE.min, BATCH_SIZE.max))
      const transfers = Array.from({ length: size }, () => draw(planner))
      batches += 1
      yield {
        kind: 'batch',
        economy,
        number: batches,
        transfers,
        isReplayed: random.below(PER_MILLE) < BATCHES_REPLAYED,
      }
      continue
    }
    if (dice < BATCHES + SEQUENCES) {
      const transfers = planner.sequence(planned + 1, left)
      if (transfers.length > 0) {
        planned += transfers.length
        yield { kind: 'sequence', economy, transfers }
        continue
      }
    }
    const transfer = draw(planner)
    const manner = random.weighted(MANNERS)
    yield { kind: 'single', economy, transfer, manner, giveUpAfterMs: random.between(1, 25) }
  }
}

/** The acts as they are, and once they are drawn, a digest of them all: two runs with the same one did the same. */
export function digested(acts: Iterable<Act>): { acts: Iterable<Act>; digest: () => string } {
  const hash = createHash('sha256')
  function* passing(): Generator<Act> {
    for (const act of acts) {
      hash.update(
        JSON.stringify(act, (_name, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)),
      )
      yield act
    }
  }
  return { acts: passing(), digest: () => hash.digest('hex').slice(0, 16) }
}
