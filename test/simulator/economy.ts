import { createHash } from 'node:crypto'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import type { Ids } from '#core/shared/clock.ts'
import type { Commission, TransactionType, TransactionTypeKind } from '#core/rule/transaction-type.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import type { FakeChain } from '#test/support/fake-chain.ts'
import type { MemoryTables } from '#test/support/memory/rows.ts'

/** A party of a simulated economy. */
export interface Party {
  id: string
  address: string
}

export interface SimulatedEconomy {
  id: string
  tenantId: string
  laneId: string
  token: string
  tokenRules: string
  company: Party
  users: readonly Party[]
}

const BEGAN_AT = new Date('2026-09-01T00:00:00Z')
const COMMISSION: Commission<bigint> = { kind: 'bps', bps: 100 }

/** Puts an active economy into the tables, its accounts empty: its balances are to come from the chain. */
export function addEconomy(
  tables: MemoryTables,
  deps: { ids: Ids; book: FakeChain['addressBook'] },
  options: { chainId: number; laneId: string; users: number; lawful?: boolean },
): SimulatedEconomy {
  const { ids, book } = deps
  const { chainId, laneId } = options
  const [id, tenantId] = [ids.next(), ids.next()]
  const { token, tokenRules } = book.predictToken(chainId, id)
  const tx = tables.database.begin()
  const parties = Array.from({ length: options.users + 1 }, (_, index): Party => {
    const userId = ids.next()
    const salt = createHash('sha256').update(userId).digest().subarray(0, 12)
    const address = book.holderAddress(chainId, token, salt)
    const type = index === 0 ? 'company' : 'user'
    const state = {
      status: 'active',
      isVerified: false,
      isManaged: true,
      metadata: {},
      createdAt: BEGAN_AT,
    } as const
    tx.put(tables.users, refKey(id, userId), { economyId: id, id: userId, type, salt, ...state })
    const empty = { settled: 0n, held: 0n, pendingIn: 0n }
    tx.put(tables.accounts, refKey(id, userId), {
      economyId: id,
      id: userId,
      tenantId,
      kind: 'wallet',
      address,
      ...empty,
    })
    return { id: userId, address }
  })
  const [company, ...users] = parties
  if (!company) throw new Error('there is always a company')
  const types = [
    aType('tip', 'user_to_user', COMMISSION),
    aType('reward', 'company_to_user', null),
    aType('purchase', 'user_to_company', null),
  ]
  tx.put(tables.economies, id, {
    id,
    tenantId,
    chainId,
    laneId,
    status: 'active',
    configVersion: 1,
    token,
    tokenRules,
    config: {
      economyId: id,
      tenantId,
      environment: 'sandbox',
      decimals: 18,
      companyUserId: company.id,
      typesById: new Map(types.map((type) => [type.id, type])),
      typesByName: new Map(types.map((type) => [type.name, type])),
      rules: [],
      prices: new Map(),
    },
  })
  tx.commit()
  return { id, tenantId, laneId, token, tokenRules, company, users }

  function aType(name: string, kind: TransactionTypeKind, commission: Commission<bigint>): TransactionType {
    const times = { createdAt: BEGAN_AT, updatedAt: BEGAN_AT }
    const pricing = { currency: 'token', amount: null, commission } as const
    return {
      id: ids.next(),
      tenantId,
      economyId: id,
      name,
      kind,
      status: 'active',
      metadata: {},
      ...times,
      ...pricing,
    }
  }
}

/** Everything that exists before the first block of interest: what parties hold at the beginning. */
export function genesis(economy: SimulatedEconomy, company: bigint, each: bigint) {
  const mint = (to: Party, amount: bigint) => ({
    hash: `0x${createHash('sha256').update(`genesis/${economy.id}/${to.id}`).digest('hex')}`,
    kind: 'transfer' as const,
    token: economy.token,
    from: ISSUANCE_ADDRESS,
    to: to.address,
    amount,
  })
  return [mint(economy.company, company), ...economy.users.map((user) => mint(user, each))]
}
