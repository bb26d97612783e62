/** A chain as callers see it. */
export interface ChainHead {
  id: number
  role: 'value' | 'utility'
  name: string
  /** Null: nobody follows it yet. */
  blockNumber: bigint | null
  blockTimeMs: number
  contracts: Readonly<Record<string, unknown>>
  updatedAt: Date
}

/** Port: reads the chains that the platform serves; they are no tenant's. */
export type ChainReader = () => Promise<ChainHead[]>
