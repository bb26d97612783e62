import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#scripts/simulate/random.ts'
import { type Payment, payBatch, payOne, type Player, type Stage } from './stage.ts'

/** Callers of the busy business and of its neighbour. */
const CALLERS = [4, 1] as const
const BATCH_ITEMS = 4
const PACE_MS = 80
/** After so many requests a caller slows down: a fault of a minute needs no more payments than one of a second. */
const EAGER_REQUESTS = 5
const SLOW_PACE_MS = 1_000
const HANG_UP_MS_MAX = 20
/** More than anybody has: it must be refused, and never paid. */
const TOO_MUCH = 10n ** 30n

/** Payments that go on until they are told to stop. */
export interface Load {
  /** Lets every caller get its last answer. */
  stop(): Promise<void>
}

/**
 * Singles and batches, rewards, tips with a commission and purchases, some too large; callers that hang up and ask again.
 * What is asked depends on `random` alone.
 *
 * @param slowPaceMs Between two requests of a caller that has slowed down; half as long or half as much again, so that callers do not
 * come all at once.
 */
export function startLoad(stage: Stage, random: Random, name: string, slowPaceMs = SLOW_PACE_MS): Load {
  const { story, players } = stage
  let isStopped = false

  async function call(player: Player, caller: number, own: Random): Promise<void> {
    for (let turn = 1; !isStopped; turn += 1) {
      const key = `${name}-${caller}-${turn}`
      const kind = own.weighted({ single: 7, impatient: 2, batch: 2 })
      if (kind === 'batch') {
        await payBatch(
          player,
          story,
          key,
          Array.from({ length: BATCH_ITEMS }, () => payment(player, own)),
        )
      } else {
        const hangUpMs = kind === 'impatient' ? own.between(1, HANG_UP_MS_MAX) : undefined
        await payOne(player, story, key, payment(player, own), hangUpMs)
      }
      await sleep(turn < EAGER_REQUESTS ? PACE_MS : own.between(slowPaceMs / 2, slowPaceMs * 1.5))
    }
  }

  function payment(player: Player, own: Random): Payment {
    const { users } = player.partner
    const from = own.pick(users).id
    const to = own.pick(users.filter(({ id }) => id !== from)).id
    const type = own.weighted({ reward: 6, tip: 4, purchase: 2, too_much: 1 })
    const amount = stage.nextAmount()
    switch (type) {
      case 'reward':
        return { type, to, amount }
      case 'tip':
        return { type, from, to, amount }
      case 'purchase':
        return { type, from, amount }
      case 'too_much':
        return { type: 'tip', from, to, amount: TOO_MUCH + amount }
    }
  }

  const calls = Promise.all(
    players.flatMap((player, index) =>
      Array.from({ length: CALLERS[index] ?? 0 }, (_, caller) => {
        const label = `${player.economyId}-${caller}`
        return call(player, caller, random.fork(label))
      }),
    ),
  )
  // Whoever stops the load hears of it; until then a failed caller is no unhandled rejection.
  calls.catch(() => undefined)
  return {
    async stop() {
      isStopped = true
      await calls
    },
  }
}
