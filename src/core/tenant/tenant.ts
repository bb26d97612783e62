/** A business that uses the platform. A suspended one's keys are refused. */
export interface Tenant {
  id: string
  name: string
  status: 'active' | 'suspended'
  createdAt: Date
}

/** Where a key works: play money, or value behind it. */
export const ENVIRONMENTS = ['sandbox', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]
