import type { AcceptanceStore } from '../transaction/acceptance-store.ts'
import type { Airdrop } from './airdrop.ts'

/** One database transaction of a running airdrop; everything in it commits together or not at all. */
export interface AirdropChunk {
  /** As it stands now, its row held: another run of the same airdrop waits. */
  airdrop: Airdrop
  /** Whether the economy takes transactions now. */
  isEconomyActive: boolean
  /** The next users after the airdrop's cursor, in the order of their ids. */
  nextRecipients(limit: number): Promise<string[]>
  /** The acceptor's side of this same database transaction. */
  acceptance: AcceptanceStore
  /** Moves the cursor; the airdrop is running from then on, which is told once. */
  advance(change: { cursor: string; accepted: number; refused: number }, at: Date): Promise<void>
  /** Ends the airdrop, with its event. Recipients that went away since it was created count as refused. */
  complete(at: Date): Promise<void>
  fail(reason: string, at: Date): Promise<void>
}

/** Port: airdrops as the job that runs them sees them. */
export interface AirdropRun {
  /** Runs `work` in one database transaction that holds the airdrop. Null: it is not there, or has ended. */
  chunk<Result>(airdropId: string, work: (chunk: AirdropChunk) => Promise<Result>): Promise<Result | null>
}
