import { computeAddress, SigningKey } from 'ethers'
import { type KeyVault, KeyUnreadable } from '#core/chain/key-vault.ts'
import type { LaneSigner, LaneSigners } from '#core/chain/lane-signer.ts'
import { signTransaction } from './sign-transaction.ts'

/** Unlocks each lane's key once per process: whoever asks while it is being unlocked waits for the same unlocking. */
export function createLaneSigners(deps: { keyVault: Pick<KeyVault, 'open'> }): LaneSigners {
  const unlocked = new Map<string, Promise<LaneSigner>>()
  return {
    of(lane) {
      const known = unlocked.get(lane.id)
      if (known) return known
      const signer = unlock(deps.keyVault, lane)
      unlocked.set(lane.id, signer)
      // A failure is not remembered: the vault may be reachable again in a moment.
      signer.catch(() => unlocked.delete(lane.id))
      return signer
    },
  }
}

async function unlock(
  keyVault: Pick<KeyVault, 'open'>,
  lane: { id: string; address: string; keyJwe: string },
): Promise<LaneSigner> {
  const privateKey = await keyVault.open(lane.keyJwe, { laneId: lane.id, address: lane.address })
  const key = new SigningKey(privateKey)
  privateKey.fill(0)
  if (computeAddress(key).toLowerCase() !== lane.address) {
    throw new KeyUnreadable(`the sealed key of lane ${lane.id} is not the key of its address`)
  }
  return { sign: (transaction) => signTransaction(key, transaction) }
}
