import type { MessageStore } from '#core/gateway/message-store.ts'
import type { PageRequest } from '#core/shared/page.ts'
import type { PrismaTx } from './database.ts'
import { MESSAGE_COLUMNS, type MessageRow, toMessage } from './message-row.ts'
import { pageOf } from './page.ts'

const FROM = 'FROM gateway_message m JOIN backing b ON b.economy_id = m.economy_id'

/** The tenant's messages, in a unit of work. */
export function createMessageStore(tx: PrismaTx, tenantId: string): MessageStore {
  return {
    async insert({ intent, ...message }, secretJwe) {
      await tx.$executeRaw`
        INSERT INTO gateway_message (economy_id, id, tenant_id, kind, status, message_hash, sender, beneficiary, amount, bounty, fee,
                                     nonce, hash_lock, deadline, permit_nonce, secret_jwe, look_at, created_at, updated_at)
        VALUES (${message.economyId}::uuid, ${message.id}::uuid, ${tenantId}::uuid, ${message.kind}, ${message.status},
                ${message.messageHash}, ${intent.sender}, ${intent.beneficiary}, ${intent.amount.toString()}::numeric,
                ${intent.bounty.toString()}::numeric, ${intent.fee.toString()}::numeric, ${intent.nonce.toString()}::numeric,
                ${intent.hashLock}, ${intent.deadline}, ${message.permit?.nonce.toString() ?? null}::numeric, ${secretJwe}, ${message.createdAt}, ${message.createdAt}, ${message.createdAt})`
      await tx.$executeRaw`
        INSERT INTO gateway_message_step (economy_id, message_id, position, tenant_id, name)
        SELECT ${message.economyId}::uuid, ${message.id}::uuid, step.position, ${tenantId}::uuid, step.name
        FROM unnest(${message.steps.map((step) => step.name)}::text[]) WITH ORDINALITY AS step(name, position)`
    },

    async find(economyId, kind, id) {
      const rows = await tx.$queryRawUnsafe<MessageRow[]>(
        `SELECT ${MESSAGE_COLUMNS} ${FROM} WHERE m.tenant_id = $1::uuid AND m.economy_id = $2::uuid AND m.kind = $3 AND m.id = $4::uuid`,
        tenantId,
        economyId,
        kind,
        id,
      )
      const [row] = rows
      return row ? toMessage(row) : null
    },

    async findByTransaction(economyId, transactionId) {
      const [row] = await tx.$queryRawUnsafe<MessageRow[]>(
        `SELECT ${MESSAGE_COLUMNS} ${FROM} WHERE m.tenant_id = $1::uuid AND m.economy_id = $2::uuid AND m.transaction_id = $3::uuid`,
        tenantId,
        economyId,
        transactionId,
      )
      return row ? toMessage(row) : null
    },

    async list(economyId, kind, page) {
      const rows = await tx.$queryRawUnsafe<MessageRow[]>(
        `SELECT ${MESSAGE_COLUMNS} ${FROM} WHERE m.tenant_id = $1::uuid AND m.economy_id = $2::uuid AND m.kind = $3 ${pageClause(page)}`,
        tenantId,
        economyId,
        kind,
        page.limit + 1,
        ...(page.after === undefined ? [] : [page.after]),
      )
      return pageOf(rows, page, toMessage)
    },

    async sign(economyId, id, { signature, permitSignature }, at) {
      const changed = await tx.$executeRaw`
        UPDATE gateway_message SET status = 'signed', signature = ${signature}, permit_signature = ${permitSignature}, look_at = ${at}, version = version + 1, updated_at = ${at}
        WHERE economy_id = ${economyId}::uuid AND id = ${id}::uuid AND status = 'awaiting_signature'`
      return changed === 1
    },

    async noteSent(economyId, id, txHash, at) {
      const changed = await tx.$executeRaw`
        UPDATE gateway_message SET sent_tx_hash = ${txHash}, look_at = ${at}, version = version + 1, updated_at = ${at}
        WHERE economy_id = ${economyId}::uuid AND id = ${id}::uuid AND status = 'awaiting_signature'`
      return changed === 1
    },
  }
}

function pageClause({ after, order }: PageRequest): string {
  const comparison = order === 'asc' ? '>' : '<'
  return `${after === undefined ? '' : `AND m.id ${comparison} $5::uuid`} ORDER BY m.id ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT $4`
}
