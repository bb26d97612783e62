import { randomBytes } from 'node:crypto'
import { computeAddress, SigningKey } from 'ethers'
import { Client } from 'pg'
import { uuidv7 } from 'uuidv7'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'

export type ProvisionAnchorKeys = {
  /** Of a role that may write anchor keys: ost_worker or ost_owner. */
  databaseUrl: string
  /** Keys there shall be at least. */
  keys: number
  keyEncryptionKey: Uint8Array
}

/**
 * Makes sure that there are keys that sign state roots: made, sealed and stored. May run any number of times and in several
 * processes: what is there stays.
 * @returns their addresses, which are to be signers of both anchors.
 */
export async function provisionAnchorKeys(options: ProvisionAnchorKeys): Promise<string[]> {
  const database = new Client({ connectionString: options.databaseUrl })
  await database.connect()
  try {
    // Held until the connection closes, so that two starts do not each make a full set.
    await database.query(`SELECT pg_advisory_lock(hashtextextended('provision-anchor-keys', 0))`)
    const { rows } = await database.query<{ address: string }>('SELECT address FROM anchor_key ORDER BY id')
    const addresses = rows.map((row) => row.address)
    const keyVault = createKeyVault({ key: options.keyEncryptionKey })
    while (addresses.length < options.keys) {
      const privateKey = randomBytes(32)
      const id = uuidv7()
      const address = computeAddress(new SigningKey(privateKey)).toLowerCase()
      const keyJwe = await keyVault.seal(privateKey, { laneId: id, address })
      privateKey.fill(0)
      await database.query('INSERT INTO anchor_key (id, address, key_jwe) VALUES ($1, $2, $3)', [
        id,
        address,
        keyJwe,
      ])
      addresses.push(address)
    }
    return addresses
  } finally {
    await database.end()
  }
}
