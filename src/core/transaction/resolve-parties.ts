import type { EconomyConfig } from '../rule/economy-config.ts'
import type { TransactionType } from '../rule/transaction-type.ts'
import type { ExecuteTransaction } from './transaction.ts'

/** The type an item names, by id or by name; undefined when the economy has none such. */
export function resolveType(config: EconomyConfig, item: ExecuteTransaction): TransactionType | undefined {
  return 'id' in item.type ? config.typesById.get(item.type.id) : config.typesByName.get(item.type.name)
}

/** Who takes part. Null where a user type leaves the party to the caller and the caller named none. */
export interface Parties {
  payerId: string | null
  recipientId: string | null
  commissionRecipientId: string | null
}

/** Fills the company in where the type's kind makes it a party, and where a commission goes to it. */
export function partiesOf(config: EconomyConfig, type: TransactionType, item: ExecuteTransaction): Parties {
  const company = config.companyUserId
  return {
    payerId: item.fromUserId ?? (type.kind === 'company_to_user' ? company : null),
    recipientId: item.toUserId ?? (type.kind === 'user_to_company' ? company : null),
    commissionRecipientId: type.commission === null ? null : company,
  }
}
