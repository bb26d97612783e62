import { UsageError } from './errors.ts'
import type { V3Client } from './v3-client.ts'
import type { WirePage, WireToken, WireTransactionType, WireUser } from './wire.ts'

/** The id of a user that a person names by id, by the business's own id, or as `company`. @throws UsageError */
export async function findUserId(economy: V3Client, name: string): Promise<string> {
  if (/^usr_[0-9a-z]{26}$/.test(name)) return name
  if (name === 'company') return (await economy.get<WireToken>('/v3/token')).company.user_id
  const page = await economy.get<WirePage<WireUser>>('/v3/users', { external_id: name, limit: 1 })
  const [user] = page.data
  if (user) return user.id
  throw new UsageError(
    `The economy has no user with the external id "${name}": write an id (usr_…), an external id, or company.`,
  )
}

/** A transaction type by its id or its name. @throws UsageError */
export async function findType(economy: V3Client, name: string): Promise<WireTransactionType> {
  if (/^typ_[0-9a-z]{26}$/.test(name))
    return economy.get<WireTransactionType>(`/v3/transaction-types/${name}`)
  const page = await economy.get<WirePage<WireTransactionType>>('/v3/transaction-types', { name, limit: 1 })
  const [type] = page.data
  if (type) return type
  throw new UsageError(`The economy has no transaction type "${name}": "ost type list" shows those it has.`)
}
