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
    await expect(
      updateMember(deps, { actor, actorRole: null, memberId: 'ada', role: 'viewer' }),
    ).rejects.toMatchObject({
      code: 'last_owner',
    })
    await expect(removeMember(deps, { actor, actorRole: null, memberId: 'ada' })).rejects.toMatchObject({
      code: 'last_owner',
    })
    expect(rows.members).toHaveLength(2)
    expect(rows.audit).toEqual([])
  })

  it('let one of two owners go', async () => {
    const { rows, deps, actor } = arrange(aMember(), aMember({ id: 'bob' }))
    await removeMember(deps, { actor, actorRole: null, memberId: 'ada' })
    expect(rows.members.map(({ id }) => id)).toEqual(['bob'])
  })

  it('write nothing down when nothing changes', async () => {
    const { rows, deps, actor } = arrange(aMember())
    await updateMember(deps, { actor, actorRole: null, memberId: 'ada', role: 'owner' })
    expect(rows.audit).toEqual([])
  })

  it('do not know a stranger', async () => {
    const { deps, actor } = arrange(aMember())
    await expect(
      updateMember(deps, { actor, actorRole: null, memberId: 'eve', role: 'owner' }),
    ).rejects.toMatchObject({
      code: 'member_not_found',
    })
    await expect(removeMember(deps, { actor, actorRole: null, memberId: 'eve' })).rejects.toMatchObject({
      code: 'member_not_found',
    })
  })

  it('let nobody but owners touch owners', async () => {
    const { rows, deps, actor } = arrange(
      aMember(),
      aMember({ id: 'bob' }),
      aMember({ id: 'cy', role: 'viewer' }),
    )
    const admin = { actor, actorRole: 'admin' as const }
    const refusal = { code: 'owner_required' }
    await expect(updateMember(deps, { ...admin, memberId: 'ada', role: 'viewer' })).rejects.toMatchObject(
      refusal,
    )
    await expect(updateMember(deps, { ...admin, memberId: 'cy', role: 'owner' })).rejects.toMatchObject(
      refusal,
    )
    await expect(removeMember(deps, { ...admin, memberId: 'ada' })).rejects.toMatchObject(refusal)
    expect(rows.audit).toEqual([])
    await updateMember(deps, { ...admin, memberId: 'cy', role: 'admin' })
    await updateMember(deps, { actor, actorRole: 'owner', memberId: 'cy', role: 'owner' })
    expect(rows.members.find(({ id }) => id === 'cy')?.role).toBe('owner')
  })
})
