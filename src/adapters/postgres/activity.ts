const HOUR_MS = 3_600_000

/** The hour of activity that the moment belongs to, by its beginning. */
export function hourOf(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / HOUR_MS) * HOUR_MS)
}

/**
 * The hours of a subject, `activity(hour, tenant_id, count, amount)`: those that have passed, and the running one of a user, which stands in the
 * wallet. For a CROSS JOIN; OFFSET 0: each subject by its key.
 * @param of Terms of the relations before; hours after `after`.
 */
export function activityOf(of: { economyId: string; subjectId: string; after: string }): string {
  return `LATERAL (
    SELECT hour, tenant_id, count, amount FROM activity
    WHERE economy_id = ${of.economyId} AND subject_id = ${of.subjectId} AND hour > ${of.after}
    UNION ALL
    SELECT activity_hour, tenant_id, activity_count, activity_amount FROM wallet
    WHERE economy_id = ${of.economyId} AND user_id = ${of.subjectId} AND activity_count > 0 AND activity_hour > ${of.after}
    OFFSET 0) AS activity`
}
