import { newSecret } from '#adapters/crypto/secret.ts'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createGatewayCalls } from '#adapters/evm/gateway-calls.ts'
import { createBalanceReader } from '#adapters/postgres/balance-reader.ts'
import { createDialectReader } from '#adapters/postgres/dialect-reader.ts'
import type { Database } from '#adapters/postgres/database.ts'
import { createLoadEconomyConfig } from '#adapters/postgres/economy-config.ts'
import { createEntryReader, createFirstEntriesReader } from '#adapters/postgres/entry-reader.ts'
import { createEventBell, createFindEventPlace } from '#adapters/postgres/event-bell.ts'
import { createChainReader } from '#adapters/postgres/chain-reader.ts'
import { createExecutionReader } from '#adapters/postgres/execution-reader.ts'
import { createPlatformDesk } from '#adapters/postgres/platform-desk.ts'
import { createReconciliationReader } from '#adapters/postgres/reconciliation-reader.ts'
import { createTokenReader } from '#adapters/postgres/token-reader.ts'
import { createTransactionHistory } from '#adapters/postgres/transaction-history.ts'
import { createEventReader } from '#adapters/postgres/webhook-event-reader.ts'
import { createEventSubjects } from '#adapters/postgres/webhook-subjects.ts'
import type { ExecutionReader } from '#core/bundle/execution.ts'
import type { ChainReader } from '#core/chain/chain-reader.ts'
import type { PlatformDesk } from '#core/chain/platform-desk.ts'
import type { DialectReader } from '#core/dialect/dialect-reader.ts'
import type { GatewayCalls } from '#core/gateway/gateway-calls.ts'
import type { TokenReader } from '#core/economy/read-token.ts'
import { type Beat, createBeat } from '#core/ledger/follow-balances.ts'
import type { EntryReader, FirstEntriesReader } from '#core/ledger/list-entries.ts'
import type { ReconciliationReader } from '#core/ledger/list-reconciliations.ts'
import type { BalanceReader } from '#core/ledger/read-balance.ts'
import type { LoadEconomyConfig } from '#core/rule/economy-config.ts'
import type { RuleCompiler } from '#core/rule/rule-compiler.ts'
import type { TransactionHistory } from '#core/rule/transaction-history.ts'
import type { EventSubjects } from '#core/webhook/event.ts'
import type { EventBell, FindEventPlace } from '#core/webhook/follow-events.ts'
import type { EventReader } from '#core/webhook/list-events.ts'

/** What the routes inside an economy need besides the unit of work; every surface of the API shares one. */
export interface DataPlane {
  balanceReader: BalanceReader
  entryReader: EntryReader
  firstEntries: FirstEntriesReader
  reconciliationReader: ReconciliationReader
  tokenReader: TokenReader
  executionReader: ExecutionReader
  chainReader: ChainReader
  transactionHistory: TransactionHistory
  ruleCompiler: RuleCompiler
  loadEconomyConfig: LoadEconomyConfig
  /** What OST's dialects of 2018 list. */
  dialectReader: DialectReader
  eventReader: EventReader
  eventSubjects: EventSubjects
  /** For those who listen instead of asking. */
  eventBell: EventBell
  findEventPlace: FindEventPlace
  beat: Beat
  /** What the gateways hash and are called with. */
  gatewayCalls: GatewayCalls
  /** Secrets of hash locks: 32 random bytes each. */
  newSecret: () => Uint8Array
  /** For the operator's routes: across tenants, figures only. */
  platformDesk: PlatformDesk
}

export function createDataPlane(database: Database): DataPlane {
  const ruleCompiler = createRuleCompiler()
  return {
    balanceReader: createBalanceReader(database),
    entryReader: createEntryReader(database),
    firstEntries: createFirstEntriesReader(database),
    reconciliationReader: createReconciliationReader(database),
    tokenReader: createTokenReader(database),
    executionReader: createExecutionReader(database),
    chainReader: createChainReader(database),
    transactionHistory: createTransactionHistory(database),
    ruleCompiler,
    loadEconomyConfig: createLoadEconomyConfig(database, ruleCompiler),
    dialectReader: createDialectReader(database),
    eventReader: createEventReader(database),
    eventSubjects: createEventSubjects(database),
    eventBell: createEventBell(database),
    findEventPlace: createFindEventPlace(database),
    beat: createBeat(),
    gatewayCalls: createGatewayCalls(),
    newSecret,
    platformDesk: createPlatformDesk(database),
  }
}
