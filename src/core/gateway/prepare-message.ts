import type { KeyVault } from '../chain/key-vault.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { Stores } from '../stores.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Backing } from './backing.ts'
import type { GatewayCalls } from './gateway-calls.ts'
import { type GatewayMessage, type Intent, MESSAGE_STEPS, type MessageKind, NOUN_OF } from './message.ts'

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

/** Writes a prepared message with its sealed secret, its first event and its audit entry. */
export async function insertPrepared(
  deps: Pick<PrepareDeps, 'clock' | 'ids'>,
  tx: Pick<Stores, 'messages' | 'outbox' | 'audit'>,
  actor: Actor,
  { message, secretJwe }: { message: GatewayMessage; secretJwe: string },
): Promise<void> {
  const { id, economyId, kind, messageHash, intent } = message
  const noun = NOUN_OF[kind]
  await tx.messages.insert(message, secretJwe)
  await tx.outbox.append({ tenantId: actor.tenantId, economyId, topic: `${noun}.created`, subjectId: id })
  await tx.audit.append(
    auditEntry(deps, actor, {
      action: `${noun}.created`,
      subjectType: noun,
      subjectId: id,
      details: {
        amount: intent.amount.toString(),
        [SENDER_OF[kind]]: intent.sender,
        beneficiary: intent.beneficiary,
        message_hash: messageHash,
      },
    }),
  )
}

/** What the API calls the sender of a message. */
const SENDER_OF = { stake: 'staker', redeem: 'redeemer' } as const satisfies Record<MessageKind, string>

/** A key of its own, so that messages of one sender do not wait for each other; its first number is 0. */
function nonceOf(id: string): bigint {
  return BigInt(`0x${id.replaceAll('-', '')}`) << 64n
}
