import { inspect } from 'node:util'
import fc from 'fast-check'
import { act } from './act.ts'
import { type Action, actions } from './actions.ts'
import { judge, judgeEnd } from './judge.ts'
import { Promises } from './promises.ts'
import { settleDown } from './settle-down.ts'
import { type Plant, World } from './world.ts'

/** Actions of one history at most. */
const ACTIONS_MAX = 150

class Step implements fc.AsyncCommand<Promises, World> {
  readonly action: Action

  constructor(action: Action) {
    this.action = action
  }

  check(): boolean {
    return true
  }

  async run(promises: Promises, world: World): Promise<void> {
    const { database } = world.tables
    const before = database.commits
    await act(world, promises, this.action)
    if (database.commits > before || world.hasPlantedBug) await judge(world, promises)
  }

  toString(): string {
    return inspect(this.action, { depth: 6, breakLength: Number.POSITIVE_INFINITY, compact: 10 })
  }
}

/** What a history came to. */
export interface Outcome {
  seed: number
  /** As it was at the end. */
  world: World
  /** Null: every promise was kept. The history is the smallest found that fails, one action per line. */
  failure: { error: unknown; history: readonly string[] } | null
}

/**
 * Plays the history of a seed: actions drawn by fast-check, the judge after each, then calm until everything has ended, and
 * the judge again. The same seed is the same history to the last step.
 *
 * @param options.plant Puts a bug in. @param options.shrinks Whether to look for a smaller history that fails as well.
 */
export async function simulate(
  seed: number,
  options: { plant?: Plant; shrinks?: boolean } = {},
): Promise<Outcome> {
  let world = new World(options.plant)
  const history = fc.commands(
    actions.map((action) => action.map((value) => new Step(value))),
    { maxCommands: ACTIONS_MAX, size: 'max', disableReplayLog: true },
  )
  const property = fc.asyncProperty(history, async (steps) => {
    world = new World(options.plant)
    await playSteps(world, steps)
  })
  // Unbiased: a single run would otherwise nearly always be a short one.
  const parameters = { seed, numRuns: 1, unbiased: true, endOnFailure: options.shrinks !== true }
  const { failed, counterexample, errorInstance } = await fc.check(property, parameters)
  if (!failed) return { seed, world, failure: null }
  const lines = counterexample ? [...counterexample[0]].map(String) : []
  return { seed, world, failure: { error: errorInstance, history: lines } }
}

/** Plays a history that is written down. @throws BrokenPromise */
export async function replay(history: readonly Action[], plant?: Plant): Promise<World> {
  const world = new World(plant)
  await playSteps(
    world,
    history.map((action) => new Step(action)),
  )
  return world
}

async function playSteps(world: World, steps: Iterable<fc.AsyncCommand<Promises, World>>): Promise<void> {
  const promises = new Promises()
  await act(world, promises, FIRST_LOOK)
  await fc.asyncModelRun(() => ({ model: promises, real: world }), steps)
  await settleDown(world, promises)
  await judgeEnd(world, promises)
}

/** The ledger learns what everybody has at the beginning. */
const FIRST_LOOK: Action = {
  type: 'work',
  jobs: [{ name: 'follow-chain', at: 0 }],
  isTwice: false,
  salt: 0,
  failAt: [],
}

/** What a person needs to see the failure again. */
export function failureText({ seed, failure }: Outcome): string {
  if (!failure) return `seed ${seed} kept every promise\n`
  const { error, history } = failure
  return [
    `Seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    'The smallest history found that fails:',
    ...history.map((line) => `  ${line}`),
    `Replay: npm run test:simulator -- --seeds 1 --seed ${seed}`,
    '',
  ].join('\n')
}
