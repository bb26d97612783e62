import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { NewAttempt, SubmissionCall } from '#core/chain/submission.ts'
import type { BlockHeader } from '#core/ledger/block.ts'
import type { Movement, Settlement } from '#core/ledger/settlement.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'
import type { MoneyBackend, MoneyEconomy } from './money-backend.ts'

export const aHash = () => `0x${randomBytes(32).toString('hex')}`

export function anAccepted(
  economy: MoneyEconomy,
  options: { from: number; to: number; amount: bigint; createdAt?: Date },
): AcceptedTransaction {
  const { economyId, tenantId, typeId, users } = economy
  const { amount, createdAt = new Date() } = options
  const [from, to] = [users[options.from]?.id ?? '', users[options.to]?.id ?? '']
  return {
    id: uuidv7(),
    tenantId,
    economyId,
    typeId,
    fromUserId: from,
    toUserId: to,
    amount,
    commission: 0n,
    currency: 'token',
    amountFiat: null,
    price: null,
    metadata: { order: 7 },
    airdropId: null,
    configVersion: 1,
    rules: [],
    createdAt,
    transfers: [{ kind: 'amount', fromAccountId: from, toAccountId: to, amount }],
  }
}

/** Writes transactions as the acceptor does, whatever the balances. */
export async function accept(
  { stores }: MoneyBackend,
  economy: MoneyEconomy,
  transactions: readonly AcceptedTransaction[],
): Promise<void> {
  const { economyId, tenantId } = economy
  const reservations = new Map<string, { held: bigint; pendingIn: bigint }>()
  const reserve = (userId: string, held: bigint, pendingIn: bigint) => {
    const known = reservations.get(refKey(economyId, userId)) ?? { held: 0n, pendingIn: 0n }
    reservations.set(refKey(economyId, userId), {
      held: known.held + held,
      pendingIn: known.pendingIn + pendingIn,
    })
  }
  for (const { fromUserId, toUserId, amount } of transactions) {
    reserve(fromUserId, amount, 0n)
    reserve(toUserId, 0n, amount)
  }
  await stores.acceptance.transaction([tenantId], async (tx) => {
    await tx.lockParties(economy.users.map(({ id }) => ({ economyId, userId: id })))
    tx.write({ transactions, reservations, results: [], now: transactions[0]?.createdAt ?? new Date() })
  })
}

export function anAttempt(submissionId: string, attempt = 1): NewAttempt {
  return {
    submissionId,
    attempt,
    txHash: aHash(),
    rawTx: randomBytes(100),
    fees: { maxFeePerGas: 20n, maxPriorityFeePerGas: 2n },
    signedAt: new Date(),
  }
}

export const A_CALL: SubmissionCall = {
  to: `0x${'22'.repeat(20)}`,
  data: new Uint8Array(10),
  gasLimit: 1_000n,
}

/** Signs everything that is queued into one batch. @returns its submission and the hash it will be found under. */
export async function submit(
  { stores }: MoneyBackend,
  economy: MoneyEconomy,
  nonce: number,
  signedAt = new Date(),
): Promise<{ id: string; txHash: string; transactionIds: string[] }> {
  const { economyId, tenantId, tokenRules: tokenRulesAddress } = economy
  const attempt = { ...anAttempt(uuidv7()), signedAt }
  const transactionIds = await stores.submissions.withLaneLocked(economy.laneId, async (locked) => {
    const claimed = (await locked.claimPayments(economyId, 100)).map(({ transactionId }) => transactionId)
    const of = { economyId, tenantId, tokenRulesAddress }
    await locked.recordBatch({ economy: of, call: A_CALL, nonce, attempt, transactionIds: claimed })
    return claimed
  })
  return { id: attempt.submissionId, txHash: attempt.txHash, transactionIds: transactionIds ?? [] }
}

export function aBlock(parent: BlockHeader | null, transactionHashes: readonly string[] = []): BlockHeader {
  const number = parent ? parent.number + 1 : 0
  const parentHash = parent?.hash ?? `0x${'0'.repeat(64)}`
  const minedAt = new Date(1_790_000_000_000 + number * 1_000)
  return { number, hash: aHash(), parentHash, minedAt, transactionHashes, gasUsed: 1n, mayHaveLogs: true }
}

/** A settlement of these blocks, with whatever is given and nothing else. */
export function aSettlement(blocks: readonly BlockHeader[], parts: Partial<Settlement> = {}): Settlement {
  const nothing = { newAccounts: [], movements: [], changes: [], payments: [], failures: [], submissions: [] }
  return { ...nothing, ...parts, blocks }
}

export function aMovement(
  { economyId, tenantId }: MoneyEconomy,
  fields: Pick<Movement, 'fromAccountId' | 'toAccountId' | 'amount'> & Partial<Movement>,
): Movement {
  return { economyId, tenantId, blockIndex: 0, logIndex: 0, txHash: aHash(), transactionId: null, ...fields }
}
