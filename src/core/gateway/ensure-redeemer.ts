import type { UnitOfWork } from '../unit-of-work.ts'
import type { Backing } from './backing.ts'
import type { LockedParty } from '../transaction/acceptance-store.ts'
import type { PrepareDeps } from './prepare-message.ts'
import type { Redeemer } from './redeemer-store.ts'

const SALT_BYTES = 12

/**
 * The economy's redeemer. The first time it is made, with a key that is sealed before anybody learns its address; two at once make one.
 * @param mayBeMade Asked before it is, with what a payment to it would meet. @throws what that throws
 */
export async function ensureRedeemer(
  deps: PrepareDeps & { unitOfWork: UnitOfWork },
  tenantId: string,
  backing: Backing,
  mayBeMade: (draft: LockedParty) => Promise<void>,
): Promise<Redeemer> {
  const { economyId } = backing
  const known = await deps.unitOfWork(tenantId, (tx) => tx.redeemers.find(economyId))
  if (known) return known
  const id = deps.ids.next()
  await mayBeMade(draftOf(id, deps.clock.now()))
  const privateKey = deps.newSecret()
  const address = deps.gatewayCalls.addressOf(privateKey)
  const keyJwe = await deps.keyVault.seal(privateKey, { laneId: id, address })
  const allowanceSignature = deps.gatewayCalls.signAllowance(backing, privateKey)
  privateKey.fill(0)
  const salt = deps.newSecret().subarray(0, SALT_BYTES)
  return deps.unitOfWork(tenantId, async (tx) => {
    await tx.economies.lock(economyId)
    const meanwhile = await tx.redeemers.find(economyId)
    if (meanwhile) return meanwhile
    const redeemer = { economyId, id, address, salt, keyJwe, allowanceSignature }
    await tx.redeemers.insert(redeemer, deps.clock.now())
    return { id, address }
  })
}

function draftOf(id: string, createdAt: Date): LockedParty {
  return {
    id,
    createdAt,
    type: 'redeemer',
    status: 'active',
    isVerified: false,
    isManaged: false,
    metadata: {},
    settled: 0n,
    held: 0n,
  }
}
