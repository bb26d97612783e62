import type { AirdropWithProgress } from '../airdrop/airdrop.ts'
import { createAirdrop, type CreateAirdrop } from '../airdrop/create-airdrop.ts'
import { createTransactionType } from '../rule/create-transaction-type.ts'
import type { EconomyConfig } from '../rule/economy-config.ts'
import { TransactionTypeNameTaken } from '../rule/errors.ts'
import type { TransactionType } from '../rule/transaction-type.ts'
import { AIRDROP_TYPE_NAME } from './airdrop-type.ts'

type Deps = Parameters<typeof createAirdrop>[0]

/**
 * Queues an airdrop of a dialect, which names an amount and no type. The type it is paid by is made with the first one, in the same
 * unit of work: an airdrop that is refused leaves none behind.
 *
 * @throws LimitReached, and what createAirdrop throws
 */
export async function createDialectAirdrop(
  deps: Deps,
  command: Omit<CreateAirdrop, 'type' | 'metadata'>,
): Promise<AirdropWithProgress> {
  const { actor, economyId } = command
  const airdrop = { ...command, type: { name: AIRDROP_TYPE_NAME }, metadata: {} }
  const { typesByName } = await deps.loadEconomyConfig(actor.tenantId, economyId)
  if (typesByName.has(AIRDROP_TYPE_NAME)) return createAirdrop(deps, airdrop)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const joined: Deps = { ...deps, unitOfWork: async (_tenantId, work) => work(tx) }
    const made = await makeType(joined, command)
    if (!made) return createAirdrop(joined, airdrop)
    // Nobody but this unit of work sees the type yet.
    const loadEconomyConfig: Deps['loadEconomyConfig'] = async (...owner) =>
      withType(await deps.loadEconomyConfig(...owner), made)
    return createAirdrop({ ...joined, loadEconomyConfig }, airdrop)
  })
}

/** Null: somebody else has made it in the meantime, and everybody sees it. */
async function makeType(
  deps: Deps,
  { actor, economyId }: Pick<CreateAirdrop, 'actor' | 'economyId'>,
): Promise<TransactionType | null> {
  try {
    return await createTransactionType(deps, {
      actor,
      economyId,
      name: AIRDROP_TYPE_NAME,
      kind: 'company_to_user',
      currency: 'token',
      amount: null,
      commission: null,
      metadata: {},
    })
  } catch (error) {
    if (error instanceof TransactionTypeNameTaken) return null
    throw error
  }
}

function withType(config: EconomyConfig, type: TransactionType): EconomyConfig {
  return {
    ...config,
    typesById: new Map(config.typesById).set(type.id, type),
    typesByName: new Map(config.typesByName).set(type.name, type),
  }
}
