import type { UnitOfWork } from '../unit-of-work.ts'
import { MemberNotFound } from './errors.ts'
import type { Member } from './member.ts'

/** One member of the tenant. @throws MemberNotFound */
export async function getMember(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; memberId: string },
): Promise<Member> {
  const member = await deps.unitOfWork(query.tenantId, (tx) => tx.members.find(query.memberId))
  if (!member) throw new MemberNotFound()
  return member
}
