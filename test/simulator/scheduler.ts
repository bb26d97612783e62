import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { Random } from '#scripts/simulate/random.ts'
import type { Gate, MemoryTx } from '#test/support/memory/memory-database.ts'

/** Turns of the event loop without anything to resume, after which nothing will ever come. */
const IDLE_TURNS_MAX = 20

interface Waiting {
  process: Process
  label: string
  resume: () => void
  fail: (error: Error) => void
}

/** Lets one waiting call at a time go on, chosen by a seed: every interleaving of awaits can happen, and happens again. */
export class Scheduler {
  #waiting: Waiting[] = []
  /** What went on, in order. */
  readonly trace: string[] = []

  wait(process: Process, label: string): Promise<void> {
    return new Promise((resume, fail) => this.#waiting.push({ process, label, resume, fail }))
  }

  /** Forgets what a dead process waits for. */
  forget(process: Process): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.process !== process)
  }

  /** Runs until all tasks have ended. @throws the first failure, and when they wait for each other. */
  async run(tasks: readonly Promise<unknown>[], random: Random): Promise<void> {
    let left = tasks.length
    const failures: unknown[] = []
    for (const task of tasks) {
      void task
        .catch((error: unknown) => failures.push(error))
        .finally(() => {
          left -= 1
        })
    }
    let idle = 0
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (left === 0) break
      const [next] = this.#waiting.splice(random.below(this.#waiting.length), 1)
      idle = next ? 0 : idle + 1
      if (idle > IDLE_TURNS_MAX) throw new Error('a deadlock: every task waits and none can go on')
      if (next) this.#pass(next)
    }
    if (failures.length > 0) throw failures[0]
  }

  #pass({ process, label, resume, fail }: Waiting): void {
    const fault = process.faultAt(label)
    this.trace.push(`${process.name} ${label}${fault ? ` ${fault}` : ''}`)
    if (fault === 'crash') process.die()
    else if (fault === 'failure') fail(failureOf(label))
    else resume()
  }
}

/** A failure that the simulation caused. */
export class InjectedFailure extends Error {}

function failureOf(label: string): Error {
  return label.startsWith('rpc') ? new ChainUnavailable('injected') : new InjectedFailure(`${label} failed`)
}

/** Where a process dies or a call of it fails, counted in its steps from now. */
export interface FaultPlan {
  crashAt?: number | undefined
  failAt?: readonly number[]
}

/** One life of a process: everything it does passes its steps, and after its death nothing of it goes on. */
export class Process implements Gate {
  readonly name: string
  /** Milliseconds that its clock is ahead. */
  readonly skewMs: number
  isDead = false
  /** Resolves when it dies. */
  readonly death: Promise<void>
  readonly #scheduler: Scheduler
  readonly #open = new Set<MemoryTx>()
  #die: () => void = () => {}
  #plan: FaultPlan = {}
  #steps = 0

  constructor(scheduler: Scheduler, name: string, skewMs = 0) {
    this.#scheduler = scheduler
    this.name = name
    this.skewMs = skewMs
    this.death = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  plan(plan: FaultPlan): void {
    this.#plan = plan
    this.#steps = 0
  }

  step(label: string): Promise<void> {
    return this.isDead ? new Promise(() => {}) : this.#scheduler.wait(this, label)
  }

  holds(tx: MemoryTx): void {
    for (const known of this.#open) if (!known.isOpen) this.#open.delete(known)
    this.#open.add(tx)
  }

  faultAt(_label: string): 'crash' | 'failure' | null {
    this.#steps += 1
    if (this.#plan.crashAt === this.#steps) return 'crash'
    return this.#plan.failAt?.includes(this.#steps) ? 'failure' : null
  }

  /** Nothing of it goes on; what it had not committed is taken back. */
  die(): void {
    this.isDead = true
    this.#scheduler.forget(this)
    for (const tx of this.#open) tx.rollback()
    this.#die()
  }
}

/** The port with a step before every call; calls of a dead process never return. */
export function throughGate<Port extends object>(
  port: Port,
  gate: Gate,
  name: string,
  names: readonly (keyof Port)[],
): Port {
  const gated = Object.create(port) as Port
  for (const method of names) {
    const call = port[method]
    if (typeof call !== 'function') continue
    Object.defineProperty(gated, method, {
      value: async (...args: unknown[]) => {
        await gate.step(`${name} ${String(method)}`)
        return Reflect.apply(call, port, args)
      },
    })
  }
  return gated
}
