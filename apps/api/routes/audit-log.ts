import { InvalidRequest } from '#core/shared/errors.ts'
import type { AuditSubject } from '#core/tenant/audit-entry.ts'
import { listAuditLog } from '#core/tenant/list-audit-log.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { credentialOf } from '../plugins/authenticate.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { prefixOfSubject, presentAuditEntry } from '../presenters/audit-log.ts'
import { ID_PREFIXES, fromWire } from '../presenters/wire-id.ts'
import { AuditEntrySchema, ListAuditLogQuery } from '../schemas/audit-log.ts'
import { ListOf } from '../schemas/common.ts'

/** Who administered what, and when. */
export async function auditLogRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/audit-log',
    {
      config: { plane: 'control', scope: 'audit:read' },
      schema: {
        operationId: 'listAuditLog',
        summary: 'List administrative acts',
        tags: ['Audit log'],
        querystring: ListAuditLogQuery,
        response: { 200: ListOf(AuditEntrySchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      const { action, subject_type, subject_id, since, until } = request.query
      const filter = {
        ...(action !== undefined && { action }),
        ...(subject_type !== undefined && { subjectType: subject_type }),
        ...(subject_id !== undefined && { subjectId: subjectIdOf(subject_id, subject_type) }),
        ...(since !== undefined && { since: new Date(since) }),
        ...(until !== undefined && { until: new Date(until) }),
      }
      return toList(
        request,
        await listAuditLog(deps, { tenantId, page: pageOf(request), filter }),
        presentAuditEntry,
      )
    },
  )
}

/** The UUID of any kind of subject; of the one kind that is asked for, where it is. */
function subjectIdOf(text: string, type: AuditSubject | undefined): string {
  const prefixes = type === undefined ? ID_PREFIXES : [prefixOfSubject(type)]
  for (const prefix of prefixes) {
    const uuid = fromWire(prefix, text)
    if (uuid !== null) return uuid
  }
  throw new InvalidRequest([
    { pointer: '?subject_id', detail: `must be an id that starts with ${prefixes.join('_, ')}_` },
  ])
}
