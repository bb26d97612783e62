import type { FastifyRequest } from 'fastify'
import { EconomyRequired } from '#core/economy/errors.ts'
import type { Actor } from '#core/shared/actor.ts'
import { DomainError } from '#core/shared/errors.ts'
import { type Page, PAGE_LIMIT_MAX, type PageRequest } from '#core/shared/page.ts'
import { ScopeMissing } from '#core/tenant/errors.ts'
import type { Scope } from '#core/tenant/scopes.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf, credentialOf } from '../plugins/authenticate.ts'

/** What resolvers get: the same dependencies, caller and economy as REST routes. */
export interface GraphqlContext {
  app: App
  deps: AppDeps
  request: FastifyRequest
}

/** The caller, if its key has the scope. @throws ScopeMissing */
export function callerOf({ request }: GraphqlContext, scope: Scope): { tenantId: string; actor: Actor } {
  const credential = credentialOf(request)
  if (!credential.scopes.includes(scope)) throw new ScopeMissing([scope])
  return { tenantId: credential.tenantId, actor: actorOf(request) }
}

/** The caller and the economy that its key or the header OST-Economy names. @throws ScopeMissing, EconomyRequired */
export function ownerOf(
  context: GraphqlContext,
  scope: Scope,
): { tenantId: string; economyId: string; actor: Actor } {
  const { economyId } = context.request
  const caller = callerOf(context, scope)
  if (economyId === null) throw new EconomyRequired()
  return { ...caller, economyId }
}

/** Paging arguments of every connection. */
export interface ConnectionArgs {
  first: number
  after?: string | null
}

/** What a list's cursors name: the last row seen, by whatever the list is ordered by. Rows of others stay invisible. */
const CURSORS = {
  id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  version: /^\d{1,9}$/,
  entry: /^\d{1,18}\.\d{1,9}\.(debit|credit)\.0x[0-9a-f]{64}\.\d{1,9}\.(true|false)$/,
}

/** @throws InvalidRequest-like errors for a size or cursor that is none. */
export function pageOf({ first, after }: ConnectionArgs, by: keyof typeof CURSORS = 'id'): PageRequest {
  if (!Number.isInteger(first) || first < 1 || first > PAGE_LIMIT_MAX) {
    throw new DomainError('invalid_request', `first must be from 1 to ${PAGE_LIMIT_MAX}.`, {}, [
      { pointer: '?first', detail: `must be from 1 to ${PAGE_LIMIT_MAX}` },
    ])
  }
  return { limit: first, order: 'desc', ...(after && { after: openCursor(after, CURSORS[by]) }) }
}

/** A page as a connection. */
export function toConnection<Row, Node>(page: Page<Row>, present: (row: Row) => Node) {
  return {
    nodes: page.rows.map(present),
    pageInfo: {
      hasNextPage: page.nextAfter !== null,
      endCursor: page.nextAfter === null ? null : Buffer.from(page.nextAfter).toString('base64url'),
    },
  }
}

function openCursor(cursor: string, pattern: RegExp): string {
  const after = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!pattern.test(after)) {
    throw new DomainError('invalid_cursor', 'after is not an endCursor of this connection. Start without it.')
  }
  return after
}
