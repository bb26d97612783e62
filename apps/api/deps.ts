import type { Redis } from 'ioredis'
import type { Registry } from 'prom-client'
import type { Config } from '#config'
import type { VerifyBytes, VerifyDialect } from '#adapters/crypto/signing-keys.ts'
import type { Database } from '#adapters/postgres/database.ts'
import type { RequestTracing } from '#adapters/telemetry/trace-requests.ts'
import type { KeyVault } from '#core/chain/key-vault.ts'
import type { AddressBook } from '#core/economy/address-book.ts'
import type { Faucet } from '#core/economy/faucet.ts'
import type { JobDispatcher } from '#core/outbox/job-dispatcher.ts'
import type { Clock, Ids } from '#core/shared/clock.ts'
import type { ApiKeyHasher } from '#core/tenant/api-key-hasher.ts'
import type { SigningKeys } from '#core/tenant/signing-keys.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import type { DataPlane } from './data-plane.ts'
import type { MoneyPath } from './money-path.ts'
import type { SignInParts } from './sign-in.ts'

/** Everything the API works with, the money path and the data plane (files of those names) included. main.ts builds it from the adapters; tests build it with their own. */
export interface AppDeps extends MoneyPath, DataPlane, SignInParts {
  config: Config
  database: Database
  /** Null: never connected. It may be lost at any moment; then limits are counted in this process. */
  redis: Redis | null
  unitOfWork: UnitOfWork
  hasher: ApiKeyHasher
  signingKeys: SigningKeys
  /** Seals the secrets of hash locks; the API opens none. */
  keyVault: Pick<KeyVault, 'seal'>
  verifyBytes: VerifyBytes
  verifyDialect: VerifyDialect
  addressBook: AddressBook
  faucet: Faucet
  jobs: Pick<JobDispatcher, 'wake'>
  metrics: Registry
  /** Where log lines go. Absent: standard output. */
  logTo?: { write(text: string): void }
  /** Absent: requests leave no spans. */
  tracing?: RequestTracing
  clock: Clock
  ids: Ids
}
