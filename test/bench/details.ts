import { readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import type { Cost } from './meters.ts'
import { DETAILS_FILE, figure, writeJson } from './report.ts'

/** Figures that are no row, kept from run to run: what docs/performance.md says beside its table. */
export interface Details {
  machine?: string
  settle?: {
    transfers: number
    loopTransfers: number
    rounds: {
      loop: number
      loopCost: Cost
      single: { perSecond: number; acceptedPerSecond: number; cost: Cost }
      batch: { perSecond: number; acceptedPerSecond: number; cost: Cost }
    }[]
  }
  accept?: {
    rounds: {
      single: number
      batch: number
      sql: number
      /** Processor time per transfer, of all processes together. */
      microseconds: Record<'single' | 'batch' | 'sql', number>
    }[]
  }
  read?: { rounds: { ours: number; beside: number }[] }
  latency?: {
    perSecond: number
    p50: number
    p90: number
    p95: number
    p99: number
    max: number
    retries: number
  }
  lanes?: { rounds: { one: number; four: number }[] }
  gas?: { batches: number[]; gasUsed: number; plain: number }
  memory?: { api: number[]; worker: number[]; redisPerTransfer: number; perSecond: number; seconds: number }
  growth?: { rounds: Record<'aged' | 'young', { perSecond: number; acceptedPerSecond: number }>[] }
  lists?: Record<string, { youngMs: number; firstMs: number; deepMs: number }>
  /** Of an economy with a long past, indexes included. */
  sizes?: { bytesPerUser: number; bytesPerTransaction: number }
  stagesAlone?: { medianMs: Record<string, number> }
  stagesLoaded?: {
    perSecond: number
    answerMs: number
    medianMs: Record<string, number>
    busyMicroseconds: Record<string, number>
  }
  scale?: Record<'api' | 'worker', Record<'one' | 'two', Scaled>>
}

interface Scaled {
  perSecond: number
  /** Processor time of these processes per transfer. */
  microseconds: number
}

export async function readDetails(): Promise<Details> {
  // Written by `writeDetails` below, here or in an earlier run.
  return JSON.parse(await readFile(DETAILS_FILE, 'utf8').catch(() => '{}')) as Details
}

/** What this run has found replaces what an earlier one had found of the same. */
export async function writeDetails(found: Details): Promise<void> {
  await writeJson(DETAILS_FILE, { ...(await readDetails()), ...found, machine: machine() })
}

function machine(): string {
  const [cpu] = cpus()
  const gib = figure(totalmem() / 1024 ** 3)
  return `Measured on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}) with ${gib} GiB, Node ${process.versions.node}; clients, chain, databases and processes share them.`
}
