import { describe, expect, it } from 'vitest'
import { removeMember } from '#core/tenant/remove-member.ts'
import { updateMember } from '#core/tenant/update-member.ts'
import { aMember, anActor, countingIds, frozenClock } from '#test/support/builders.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'

function arrange(...members: ReturnType<typeof aMember>[]) {
  const { unitOfWork, rows } = fakeUnitOfWork()
  rows.members.push(...members)
  return { rows, deps: { unitOfWork, clock: frozenClock, ids: countingIds() }, actor: anActor() }
}

describe('updateMember and removeMember', () => {
  it('keep the last owner', async () => {
    const { rows, deps, actor } = arrange(aMember(), aMember({ id: 'bob', role: 'admin' }))
    await expect(updateMember(deps, { actor, memberId: 'ada', role: 'viewer' })).rejects.toMatchObject({
      code: 'last_owner',
    })
    await expect(removeMember(deps, { actor, memberId: 'ada' })).rejects.toMatchObject({ code: 'last_owner' })
    expect(rows.members).toHaveLength(2)
    expect(rows.audit).toEqual([])
  })

  it('let one of two owners go', async () => {
    const { rows, deps, actor } = arrange(aMember(), aMember({ id: 'bob' }))
    await removeMember(deps, { actor, memberId: 'ada' })
    expect(rows.members.map(({ id }) => id)).toEqual(['bob'])
  })

  it('write nothing down when nothing changes', async () => {
    const { rows, deps, actor } = arrange(aMember())
    await updateMember(deps, { actor, memberId: 'ada', role: 'owner' })
    expect(rows.audit).toEqual([])
  })

  it('do not know a stranger', async () => {
    const { deps, actor } = arrange(aMember())
    await expect(updateMember(deps, { actor, memberId: 'eve', role: 'owner' })).rejects.toMatchObject({
      code: 'member_not_found',
    })
    await expect(removeMember(deps, { actor, memberId: 'eve' })).rejects.toMatchObject({
      code: 'member_not_found',
    })
  })
})
