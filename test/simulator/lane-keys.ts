import { KeyUnreadable } from '#core/chain/key-vault.ts'
import type { LaneSigners } from '#core/chain/lane-signer.ts'
import type { SealedKind } from '#core/chain/reseal-keys.ts'
import { transact } from '#test/support/memory/memory-database.ts'
import type { MemoryTables } from '#test/support/memory/rows.ts'
import { simulatedSigner } from '#test/support/simulated-node.ts'
import type { Process } from './scheduler.ts'

/**
 * The lanes' keys as a process can open them: under the key-encryption key of its start, and the one before. A sealed key reads
 * `version:address`.
 */
export function laneKeys(process: Process, tables: MemoryTables, heldVersion: number) {
  return { signers: laneSigners(process, heldVersion), sealed: sealedKeys(process, tables, heldVersion) }
}

export function seal(version: number, address: string): string {
  return `${version}:${address}`
}

export function versionOf(sealed: string): number {
  return Number(sealed.split(':')[0])
}

/** @throws KeyUnreadable */
function open(sealed: string, heldVersion: number): string {
  const version = versionOf(sealed)
  if (version > heldVersion || version < heldVersion - 1)
    throw new KeyUnreadable('a key is sealed under a key-encryption key we do not hold')
  return sealed.split(':')[1] ?? ''
}

/** As adapters/evm/lane-signers.ts: each key is unlocked once per process. */
function laneSigners(process: Process, heldVersion: number): LaneSigners {
  const unlocked = new Map<string, ReturnType<LaneSigners['of']>>()
  const unlock = async (keyJwe: string) => {
    await process.step('vault open')
    return simulatedSigner(open(keyJwe, heldVersion))
  }
  return {
    of({ id, keyJwe }) {
      const signer = unlocked.get(id) ?? unlock(keyJwe)
      unlocked.set(id, signer)
      signer.catch(() => unlocked.delete(id))
      return signer
    },
  }
}

function sealedKeys(process: Process, tables: MemoryTables, heldVersion: number): SealedKind {
  return {
    name: 'lanes',
    async read(after, limit) {
      await process.step('db read sealed')
      return [...tables.lanes.committed.values()]
        .filter(({ id }) => after === null || id > after)
        .slice(0, limit)
        .map(({ id, keyJwe }) => ({ id, sealed: keyJwe }))
    },
    isOutdated: (sealed) => versionOf(sealed) !== heldVersion,
    reseal: async ({ sealed }) => seal(heldVersion, open(sealed, heldVersion)),
    replace: (id, from, to) =>
      transact(tables.database, process, 'replace sealed', async (tx) => {
        await tx.lock(process, `lane/${id}`)
        return tx.change(tables.lanes, id, { keyJwe: to }, ({ keyJwe }) => keyJwe === from)
      }),
  }
}
