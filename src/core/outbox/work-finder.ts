/** Everything that Postgres holds as begun and not ended, by whom it must be taken up. */
export interface UnfinishedWork {
  /** In state `deploying`. */
  economyIds: string[]
  /** Of running lanes, with queued transactions or queued administrative calls. */
  lanesToSubmit: string[]
  /** With signed submissions that no block has held for a while, or paused for a cause that may pass. */
  lanesToRebroadcast: string[]
  /** Not halted. */
  chainIds: string[]
  /** Queued or running. */
  airdropIds: string[]
  /** Enabled, with deliveries that are due and nobody at work on them. */
  webhookIds: string[]
  /** Replays of events under way. */
  replayIds: string[]
  /** Messages between the gateways that are due to be looked at. */
  messageIds: string[]
  /** Chains whose anchor is wanted to learn a root, or was not looked at for a while. */
  anchorChainIds: string[]
  /** Economies whose backing was not looked at for a while. */
  backedEconomyIds: string[]
  /** Whether the log has events the relay has not read. */
  isOutboxBehind: boolean
}

/** Finds work in the truth, whatever became of the jobs. */
export interface WorkFinder {
  /** Null: another process is looking at this moment. */
  findUnfinished(): Promise<UnfinishedWork | null>
  /** Active economies whose last reconciliation is older than `before`, longest ago first. */
  findUnreconciled(before: Date, limit: number): Promise<string[]>
}
