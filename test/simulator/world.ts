import type { ChainRpc } from '#core/chain/chain-rpc.ts'
import { resealKeys } from '#core/chain/reseal-keys.ts'
import { reconcileEconomy } from '#core/ledger/reconcile-economy.ts'
import type { Job, JobDispatcher } from '#core/outbox/job-dispatcher.ts'
import { relayOutbox } from '#core/outbox/relay-outbox.ts'
import { sweepWork } from '#core/outbox/sweep-work.ts'
import type { Clock, Ids } from '#core/shared/clock.ts'
import type { Observer } from '#core/shared/observer.ts'
import { type AcceptRequest, acceptTransactions } from '#core/transaction/accept-transactions.ts'
import { Acceptor } from '#core/transaction/acceptor.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'
import { followChain } from '#core/transaction/follow-chain.ts'
import { createLaneMemory } from '#core/transaction/lane-memory.ts'
import { rebroadcastLane } from '#core/transaction/rebroadcast-lane.ts'
import { submitLane } from '#core/transaction/submit-lane.ts'
import { Random } from '#scripts/simulate/random.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { createMemoryStores, type MemoryStores } from '#test/support/memory/money-stores.ts'
import { MemoryTables } from '#test/support/memory/rows.ts'
import { SimulatedChain } from '#test/support/simulated-chain.ts'
import { SimulatedNode } from '#test/support/simulated-node.ts'
import { addEconomy, genesis, type SimulatedEconomy } from './economy.ts'
import { laneKeys, seal } from './lane-keys.ts'
import { createRecovery } from './recovery.ts'
import { InjectedFailure, Process, Scheduler, throughGate } from './scheduler.ts'

export const CHAIN_ID = 50_001
export const FINALITY_DEPTH = 4
export const WORKERS = 2
export const APIS = 2
const LANES = 2
const ECONOMIES = 3
const USERS = 3
const COMPANY_BALANCE = 10n ** 13n
const USER_BALANCE = 40_000_000n
/** Wei per gas. */
const FEE_CAP = 100_000_000_000n
const BEGAN_AT_MS = 1_790_000_010_000

/** Everything a worker's jobs take; where a planted bug is put in. */
export interface Ports extends MemoryStores {
  rpc: ChainRpc
}

/** Changes the ports of every process before use. */
export type Plant = (ports: Ports, world: World) => Ports

/** The whole money path: real use cases on tables in memory and a simulated chain, its processes and its clock. */
export class World {
  readonly tables = new MemoryTables()
  readonly chain = new SimulatedChain()
  readonly scheduler = new Scheduler()
  readonly node: SimulatedNode
  readonly economies: readonly SimulatedEconomy[]
  readonly laneIds: readonly string[]
  readonly ids: Ids
  /** Jobs that wait; the doorbell may lose them. */
  readonly jobs = new Map<string, Job>()
  /** Log lines of level `error`. */
  readonly alarms: { event: string; reason: unknown }[] = []
  /** Nonces that others used, by lane address. */
  readonly foreign = new Map<string, Set<number>>()
  /** Heads of branches that were left. */
  readonly tips: { number: number; hash: string }[] = []
  /** Then rows may change behind the database's back. */
  readonly hasPlantedBug: boolean
  nowMs = BEGAN_AT_MS
  /** Version of the key-encryption key that lane keys are sealed under. */
  masterKey = 1
  /** Milliseconds that the clock of each process is ahead from its next start: workers, then APIs. */
  readonly skews: number[] = []
  /** Amounts that administrative calls are to mint, each once. */
  readonly grants: { economy: SimulatedEconomy; amount: bigint }[] = []
  readonly #apis: Api[]
  readonly #workers: Worker[]
  readonly #plant: Plant
  #lives = 0

  constructor(plant?: Plant) {
    this.#plant = plant ?? ((ports) => ports)
    this.hasPlantedBug = plant !== undefined
    this.ids = countingIds()
    const { addressBook: book } = fakeChain()
    this.laneIds = Array.from({ length: LANES }, () => this.ids.next())
    this.economies = Array.from({ length: ECONOMIES }, (_, index) =>
      addEconomy(
        this.tables,
        { ids: this.ids, book },
        { chainId: CHAIN_ID, laneId: this.laneIds[index % LANES] ?? '', users: USERS },
      ),
    )
    this.node = new SimulatedNode(this.chain, {
      settings: {
        chainId: CHAIN_ID,
        blockTimeMs: 1_000,
        finalityDepth: FINALITY_DEPTH,
        maxFeePerGasCap: FEE_CAP,
      },
      book,
      tokens: new Map(this.economies.map(({ token, tokenRules }) => [tokenRules, token])),
    })
    this.#addChain()
    this.chain.append(this.economies.flatMap((economy) => genesis(economy, COMPANY_BALANCE, USER_BALANCE)))
    this.#apis = Array.from({ length: APIS }, (_, index) => this.#startApi(index))
    this.#workers = Array.from({ length: WORKERS }, (_, index) => this.#startWorker(index))
  }

  #addChain(): void {
    const tx = this.tables.database.begin()
    tx.put(this.tables.chains, String(CHAIN_ID), {
      id: CHAIN_ID,
      status: 'active',
      haltReason: null,
      finalityDepth: FINALITY_DEPTH,
    })
    for (const [index, id] of this.laneIds.entries()) {
      const address = `0x${String(index + 1).repeat(40)}`
      const keyJwe = seal(this.masterKey, address)
      tx.put(this.tables.lanes, id, {
        id,
        chainId: CHAIN_ID,
        address,
        keyJwe,
        status: 'active',
        pauseReason: null,
        balanceWei: null,
      })
    }
    tx.commit()
  }

  api(index: number): Api {
    return alive(this.#apis, index % APIS, (at) => this.#startApi(at))
  }

  worker(index: number): Worker {
    return alive(this.#workers, index % WORKERS, (at) => this.#startWorker(at))
  }

  /** Every process of this moment, dead ones included. */
  get processes(): Process[] {
    return [...this.#workers, ...this.#apis].map(({ process }) => process)
  }

  laneAddress(index: number): string {
    return this.tables.lanes.committed.get(this.laneIds[index % LANES] ?? '')?.address ?? ''
  }

  ring(jobs: readonly Job[]): void {
    for (const job of jobs) this.jobs.set(`${job.name}/${job.id}`, job)
  }

  /** Runs tasks until all have ended, in an order that the salt decides. */
  async together(tasks: readonly (() => Promise<unknown>)[], salt: number): Promise<void> {
    await this.scheduler.run(
      tasks.map((task) => task()),
      new Random(String(salt)),
    )
  }

  #startProcess(name: string, skewMs: number): Process {
    this.#lives += 1
    return new Process(this.scheduler, `${name}#${this.#lives}`, skewMs)
  }

  #portsOf(process: Process): Ports {
    const clock = { now: () => new Date(this.nowMs) }
    const stores = createMemoryStores({ tables: this.tables, ids: this.ids, clock, gate: process })
    const rpc = throughGate<ChainRpc>(this.node, process, 'rpc', [
      'laneSnapshot',
      'probeBatch',
      'placesOf',
      'findNonceUser',
    ])
    const broadcast: ChainRpc['broadcast'] = async (rawTx, txHash) => {
      const failed = await process.step('rpc broadcast').then(
        () => false,
        () => true,
      )
      if (failed) return { verdict: 'unknown', reason: 'transport', message: 'injected' }
      return this.node.broadcast(rawTx, txHash)
    }
    return this.#plant({ ...stores, rpc: Object.assign(rpc, { broadcast }) }, this)
  }

  #startApi(index: number): Api {
    const process = this.#startProcess(`api${index}`, this.skews[WORKERS + index] ?? 0)
    const { acceptance } = this.#portsOf(process)
    const deps = {
      acceptance,
      configs: new Map(),
      clock: this.#clockOf(process),
      ids: this.ids,
      priceMaxAgeMs: 60_000,
      wakeLanes: (laneIds: readonly string[]) =>
        this.ring(laneIds.map((id) => ({ name: 'submit-lane', id }))),
    }
    const isPassing = (error: unknown) => error instanceof InjectedFailure
    return {
      process,
      acceptor: new Acceptor((requests) => acceptTransactions(deps, requests), { isPassing }),
    }
  }

  #startWorker(index: number): Worker {
    const process = this.#startProcess(`worker${index}`, this.skews[index] ?? 0)
    const ports = this.#portsOf(process)
    const readers = throughGate(this.chain, process, 'rpc', [
      'headNumber',
      'headers',
      'logs',
      'receipts',
      'revertReason',
      'balancesOf',
      'totalSupply',
    ])
    const jobs: JobDispatcher = {
      dispatch: async (found) => {
        await process.step('redis dispatch')
        this.ring(found)
      },
      wake: (job) => this.ring([job]),
    }
    const common = {
      clock: this.#clockOf(process),
      ids: this.ids,
      observer: this.#observer(),
      jobs,
      blockReaders: { get: () => readers },
      compareBacking: async () => [],
      reversesFinalBlocks: false,
    }
    const keys = laneKeys(process, this.tables, this.masterKey)
    const chainWork = { ...common, ...ports }
    const laneWork = {
      ...common,
      ...ports,
      chains: { get: () => ports.rpc },
      signers: keys.signers,
      recovery: createRecovery(process, this.tables, this.chain),
      memory: createLaneMemory(),
    }
    const afterBlocks = () => this.ring(this.laneIds.map((id) => ({ name: 'submit-lane', id })))
    return {
      process,
      run: async ({ name, id }) => {
        if (name === 'relay-outbox') await relayOutbox({ outbox: ports.outbox, jobs })
        if (name === 'submit-lane') await submitLane(laneWork, id)
        if (name === 'rebroadcast-lane') await rebroadcastLane(laneWork, id)
        if (name === 'reseal-keys') await resealKeys({ kinds: [keys.sealed], observer: common.observer })
        if (name === 'reconcile-economy') await reconcileEconomy(chainWork, id)
        if (name !== 'follow-chain') return
        const { settledBlocks, reversedBlocks } = await followChain(chainWork, Number(id))
        await confirmBlocks(chainWork, Number(id))
        if (settledBlocks + reversedBlocks > 0) afterBlocks()
      },
      sweep: () => sweepWork({ finder: ports.finder, jobs }),
      ports,
    }
  }

  #clockOf(process: Process): Clock {
    return { now: () => new Date(this.nowMs + process.skewMs) }
  }

  #observer(): Observer {
    return {
      log: (level, event, fields = {}) => {
        if (level === 'error') this.alarms.push({ event, reason: fields['reason'] })
      },
      count() {},
      gauge() {},
    }
  }
}

export interface Api {
  process: Process
  acceptor: { submit(request: AcceptRequest): ReturnType<Acceptor['submit']> }
}

export interface Worker {
  process: Process
  ports: Ports
  run(job: Job): Promise<unknown>
  sweep(): Promise<unknown>
}

/** The process at a place, started anew where it has died. */
function alive<Running extends { process: Process }>(
  running: Running[],
  at: number,
  start: (at: number) => Running,
): Running {
  const known = running[at]
  if (known && !known.process.isDead) return known
  const started = start(at)
  running[at] = started
  return started
}

/** Ids that count up and look like UUIDs. */
function countingIds(): Ids {
  let count = 0
  return { next: () => `019d0000-0000-7000-8000-${String((count += 1)).padStart(12, '0')}` }
}
