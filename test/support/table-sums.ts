import type { TestApi } from './api.ts'

/**
 * Every row of every table as one text, read as the schema's owner, save what is written on purpose whatever the answer is: when a key
 * was last used, how often signing in failed, which keys sign tokens, and which idempotency keys and signatures were seen.
 * @param tenantId Only the rows of this tenant.
 */
export async function tableSums(api: TestApi, tenantId?: string): Promise<string> {
  const tables = await api.sql(
    `SELECT table_name AS name FROM information_schema.tables t WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
     AND table_name NOT IN ('sign_in_tally', 'token_signing_key', 'idempotency_record')
     AND ($1::text IS NULL OR EXISTS (SELECT FROM information_schema.columns c WHERE c.table_schema = 'public'
          AND c.table_name = t.table_name AND c.column_name = 'tenant_id')) ORDER BY 1`,
    [tenantId ?? null],
  )
  const sums = tables.map(
    ({ name }) =>
      `SELECT '${String(name)}' AS name, count(*) || ':' || coalesce(sum(hashtextextended((to_jsonb(t) - 'last_used_at')::text, 0)), 0) AS sum
       FROM "${String(name)}" t ${tenantId === undefined ? '' : 'WHERE tenant_id = $1'}`,
  )
  return JSON.stringify(
    await api.sql(`${sums.join(' UNION ALL ')} ORDER BY 1`, tenantId === undefined ? [] : [tenantId]),
  )
}
