import type { KeyVault } from '../chain/key-vault.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Backing } from './backing.ts'
import type { GatewayCalls } from './gateway-calls.ts'
import { type GatewayMessage, type Intent, MESSAGE_STEPS, type MessageKind } from './message.ts'

/** Base units. What a vault counts with. */
export const STAKE_MAX: BaseUnits = 2n ** 120n - 1n
/** Base units. No token has more in existence. */
export const SUPPLY_MAX: BaseUnits = 2n ** 128n - 1n

export interface PrepareDeps {
  unitOfWork: UnitOfWork
  gatewayCalls: GatewayCalls
  keyVault: Pick<KeyVault, 'seal'>
  /** 32 random bytes. */
  newSecret: () => Uint8Array
  clock: Clock
  ids: Ids
}

/** Of a message to come: its id, and its secret sealed for it. */
export interface HashLock {
  id: string
  hashLock: string
  secretJwe: string
}

/** Makes a message's secret. It is to be stored, sealed, before its hash is told to anybody. */
export async function newHashLock(
  deps: Pick<PrepareDeps, 'ids' | 'newSecret' | 'gatewayCalls' | 'keyVault'>,
): Promise<HashLock> {
  const id = deps.ids.next()
  const secret = deps.newSecret()
  const hashLock = deps.gatewayCalls.hashLockOf(secret)
  const secretJwe = await deps.keyVault.seal(secret, { laneId: id, address: hashLock })
  secret.fill(0)
  return { id, hashLock, secretJwe }
}

/** The message of an intent that its sender has not agreed to yet. */
export function prepareMessage(
  { gatewayCalls, clock }: Pick<PrepareDeps, 'gatewayCalls' | 'clock'>,
  kind: MessageKind,
  backing: Backing,
  { id, hashLock }: HashLock,
  wanted: Pick<Intent, 'sender' | 'beneficiary' | 'amount' | 'bounty' | 'fee'> & { validForSeconds: number },
): GatewayMessage {
  const now = clock.now()
  const { validForSeconds, ...parts } = wanted
  const intent: Intent = {
    ...parts,
    termsId: backing.termsId,
    nonce: nonceOf(id),
    hashLock,
    deadline: BigInt(Math.floor(now.getTime() / 1_000) + validForSeconds),
  }
  return {
    id,
    economyId: backing.economyId,
    kind,
    status: 'awaiting_signature',
    messageHash: gatewayCalls.messageHash(kind, backing, intent),
    intent,
    signature: null,
    permit: null,
    managed: null,
    sentTxHash: null,
    problem: null,
    steps: MESSAGE_STEPS.map((name) => ({
      name,
      status: 'pending',
      txHash: null,
      startedAt: null,
      finishedAt: null,
    })),
    createdAt: now,
    updatedAt: now,
    endedAt: null,
  }
}

/** A key of its own, so that messages of one sender do not wait for each other; its first number is 0. */
function nonceOf(id: string): bigint {
  return BigInt(`0x${id.replaceAll('-', '')}`) << 64n
}
