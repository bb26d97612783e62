import { Registry } from 'prom-client'
import { apiKeyHasher } from '#adapters/crypto/api-key-hasher.ts'
import { systemClock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createSigningKeys, createVerifyBytes, createVerifyDialect } from '#adapters/crypto/signing-keys.ts'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { createEconomyContracts } from '#adapters/evm/economy-contracts.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { buildApp } from '#apps/api/app.ts'
import { createDataPlane } from '#apps/api/data-plane.ts'
import { createMoneyPath } from '#apps/api/money-path.ts'
import { createSignInParts } from '#apps/api/sign-in.ts'
import { loadConfig } from '#config'
import type { OpenApiDocument } from './openapi-types.ts'

/** Every setting that has no default. Nothing listens there: describing the API asks nobody. */
const NOWHERE = {
  DATABASE_URL: 'postgresql://ost_app@127.0.0.1:1/ost',
  REDIS_URL: 'redis://127.0.0.1:1',
  KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64url'),
  OPERATOR_KEY: 'an-operator-key-that-opens-nothing-0123456789',
  LOG_LEVEL: 'silent',
  PUBLIC_URL: 'http://localhost:3000',
  CHAINS: JSON.stringify(
    ['value', 'utility'].map((role, index) => ({
      id: index + 1,
      role,
      name: role,
      rpc_urls: ['http://127.0.0.1:1'],
      block_time_ms: 1_000,
      finality_depth: 1,
    })),
  ),
}

/** What the API says of itself at /openapi.json, by the API itself with default settings. Starts no server, connects to nothing. */
export async function readOpenApiDocument(): Promise<OpenApiDocument> {
  const config = loadConfig(NOWHERE)
  const database = new Database({ url: config.database.url, poolSize: 1, applicationName: 'openapi' })
  const sealer = createSealer(config.keys.keyEncryptionKey)
  const jobs = { wake() {} }
  const app = await buildApp({
    ...createMoneyPath({ database, clock: systemClock, ids, jobs, priceMaxAgeMs: 0 }),
    ...createDataPlane(database),
    ...createSignInParts({ database, sealer, ids, issuer: config.api.publicUrl }),
    config,
    database,
    redis: null,
    unitOfWork: createUnitOfWork({ database, ids, sealer }),
    hasher: apiKeyHasher,
    signingKeys: createSigningKeys(sealer),
    keyVault: createKeyVault({ key: config.keys.keyEncryptionKey }),
    verifyBytes: createVerifyBytes(sealer),
    verifyDialect: createVerifyDialect(sealer),
    addressBook: createAddressBook(noChain),
    faucet: createEconomyContracts({ contractsOf: noChain, clientOf: noChain }),
    jobs,
    metrics: new Registry(),
    clock: systemClock,
    ids,
  })
  try {
    const { body } = await app.inject({ url: '/openapi.json' })
    // Its own answer, in the form that the type describes as far as we read it.
    return JSON.parse(body) as OpenApiDocument
  } finally {
    await app.close()
    await database.close()
  }
}

function noChain(): never {
  throw new Error('the API only describes itself here')
}
