import type { TestApi } from './api.ts'

/** The question per API and kind: tables do not come and go while it runs. */
const questions = new WeakMap<TestApi, Map<boolean, string>>()

/**
 * Every row of every table as one text, read as the schema's owner, save what is written on purpose whatever the answer is: when a key
 * was last used, how often signing in failed, which keys sign tokens, and which idempotency keys and signatures were seen.
 * @param tenantId Only the rows of this tenant.
 */
export async function tableSums(api: TestApi, tenantId?: string): Promise<string> {
  const known = questions.get(api) ?? new Map<boolean, string>()
  questions.set(api, known)
  const ofTenant = tenantId !== undefined
  const question = known.get(ofTenant) ?? (await questionOf(api, ofTenant))
  known.set(ofTenant, question)
  return JSON.stringify(await api.sql(question, ofTenant ? [tenantId] : []))
}

async function questionOf(api: TestApi, ofTenant: boolean): Promise<string> {
  const tables = await api.sql(
    `SELECT table_name AS name FROM information_schema.tables t WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
     AND table_name NOT IN ('sign_in_tally', 'token_signing_key', 'idempotency_record')
     AND (NOT $1 OR EXISTS (SELECT FROM information_schema.columns c WHERE c.table_schema = 'public'
          AND c.table_name = t.table_name AND c.column_name = 'tenant_id')) ORDER BY 1`,
    [ofTenant],
  )
  const sums = tables.map(
    ({ name }) =>
      `SELECT '${String(name)}' AS name, count(*) || ':' || coalesce(sum(hashtextextended((to_jsonb(t) - 'last_used_at')::text, 0)), 0) AS sum
       FROM "${String(name)}" t ${ofTenant ? 'WHERE tenant_id = $1' : ''}`,
  )
  return `${sums.join(' UNION ALL ')} ORDER BY 1`
}
