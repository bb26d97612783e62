import type { Stores } from '../stores.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { parsePricing, type PricingDefinition, type TransactionType } from '../rule/transaction-type.ts'

/** What every new company of 2018 found in its economy: something to try its SDK with. */
const SAMPLES: readonly (PricingDefinition & { name: string })[] = [
  { name: 'Upvote', kind: 'user_to_user', currency: 'USD', amount: '0.20', commission: { bps: 100 } },
  { name: 'Purchase', kind: 'user_to_user', currency: 'USD', amount: null, commission: { bps: 100 } },
  { name: 'Reward', kind: 'company_to_user', currency: 'token', amount: null, commission: null },
  { name: 'Download', kind: 'user_to_company', currency: 'USD', amount: '0.10', commission: null },
]

/**
 * Gives an economy without transaction types the four sample actions of 2018. Called where its first key for an SDK of 2018 is
 * created, in the same unit of work; an economy with types of its own is left as it is.
 */
export async function createSampleTypes(
  deps: { clock: Clock; ids: Ids },
  tx: Pick<Stores, 'transactionTypes' | 'outbox'>,
  owner: { tenantId: string; economyId: string },
): Promise<void> {
  if ((await tx.transactionTypes.count(owner.economyId)) > 0) return
  const now = deps.clock.now()
  for (const { name, ...definition } of SAMPLES) {
    const type: TransactionType = {
      id: deps.ids.next(),
      ...owner,
      name,
      kind: definition.kind,
      status: 'active',
      metadata: {},
      createdAt: now,
      updatedAt: now,
      ...parsePricing(definition),
    }
    await tx.transactionTypes.insert(type)
    await tx.outbox.append({ ...owner, topic: 'transaction_type.created', subjectId: type.id })
  }
}
