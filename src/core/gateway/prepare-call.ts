import type { KeyVault } from '../chain/key-vault.ts'
import type { NextCall } from './decide-next.ts'
import type { GatewayCalls, MessageCall } from './gateway-calls.ts'
import type { BoxPlace, GatewayReader } from './gateway-reader.ts'
import type { MessageInWork } from './message-desk.ts'

/** Where a message stands at both ends, and what each end can be shown of the other. */
export interface MessagePlaces {
  source: BoxPlace
  target: BoxPlace
  /** Heights of the newest final roots that each end believes of the other. */
  rootAtTarget: number
  rootAtSource: number
}

export interface CallDeps {
  reader: GatewayReader
  calls: GatewayCalls
  keyVault: KeyVault
}

/**
 * A call with the signatures, the secret or the proof that it needs.
 * @returns `no_proof`: the node no longer has the state that must be proven
 * @throws ChainUnavailable when no node answers · KeyUnreadable
 */
export async function callFor(
  deps: CallDeps,
  work: MessageInWork,
  places: MessagePlaces,
  name: NextCall,
): Promise<MessageCall | 'no_proof'> {
  const { message, source, target } = work
  switch (name) {
    case 'allow': {
      const redeemer = redeemerOf(work)
      return { name, redeemer: redeemer.address, signature: redeemer.allowanceSignature }
    }
    case 'declare':
      return { name, signature: message.signature ?? (await signFor(deps, work)), permit: message.permit }
    case 'progress_target':
    case 'progress_source':
      return { name, secret: await openSecret(deps, work) }
    case 'revoke':
      return { name }
    case 'confirm':
    case 'confirm_revocation': {
      const proof = await deps.reader.prove(places.source, places.rootAtTarget, target)
      return proof === null ? 'no_proof' : { name, proof }
    }
    case 'progress_source_with_proof':
    case 'progress_revocation': {
      const proof = await deps.reader.prove(places.target, places.rootAtSource, source)
      return proof === null ? 'no_proof' : { name, proof }
    }
  }
}

/** The redeemer's signature of a managed wallet's intent, once its tokens are there. */
async function signFor({ keyVault, calls }: CallDeps, work: MessageInWork): Promise<string> {
  const { id, address, keyJwe } = redeemerOf(work)
  const privateKey = await keyVault.open(keyJwe, { laneId: id, address })
  try {
    return calls.signRedeemIntent(work.backing, work.message.intent, privateKey)
  } finally {
    privateKey.fill(0)
  }
}

function redeemerOf({ redeeming, message }: MessageInWork) {
  if (!redeeming) throw new Error(`message ${message.id} has neither a signature nor a redeemer`)
  return redeeming.redeemer
}

async function openSecret({ keyVault }: CallDeps, { message, secretJwe }: MessageInWork): Promise<string> {
  const secret = await keyVault.open(secretJwe, { laneId: message.id, address: message.intent.hashLock })
  try {
    return `0x${Buffer.from(secret).toString('hex')}`
  } finally {
    secret.fill(0)
  }
}
