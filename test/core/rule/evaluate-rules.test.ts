import { describe, expect, it } from 'vitest'
import { type CompiledRule, evaluateRules } from '#core/rule/evaluate-rules.ts'
import { aRuleContext } from '#test/support/rule-context.ts'

const rule = (name: string, answer: boolean | Error, change: Partial<CompiledRule> = {}): CompiledRule => ({
  id: `id-of-${name}`,
  name,
  version: 1,
  typeId: null,
  message: `${name} says no`,
  usesWindow: false,
  evaluate() {
    if (answer instanceof Error) throw answer
    return answer
  },
  ...change,
})

describe('evaluateRules', () => {
  it('passes when every rule is true, and says which were asked', () => {
    expect(evaluateRules([rule('a', true), rule('b', true, { version: 4 })], aRuleContext())).toEqual({
      evaluated: [
        { id: 'id-of-a', name: 'a', version: 1 },
        { id: 'id-of-b', name: 'b', version: 4 },
      ],
    })
  })

  it('passes when there are no rules', () => {
    expect(evaluateRules([], aRuleContext())).toEqual({ evaluated: [] })
  })

  it('stops at the first that refuses and names it', () => {
    const outcome = evaluateRules([rule('a', true), rule('b', false), rule('c', false)], aRuleContext())
    expect(outcome.refusedBy).toEqual({ id: 'id-of-b', name: 'b', version: 1, message: 'b says no' })
    expect(outcome.evaluated.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('refuses when a rule cannot be evaluated, and says why', () => {
    const { refusedBy } = evaluateRules([rule('a', new Error('the metadata has no "level"'))], aRuleContext())
    expect(refusedBy).toMatchObject({ name: 'a', error: 'the metadata has no "level"' })
  })

  it('asks rules of another transaction type nothing', () => {
    const context = aRuleContext()
    const ofThis = rule('this', true, { typeId: context.type.id })
    const ofAnother = rule('another', false, { typeId: 'another-type' })
    expect(evaluateRules([ofAnother, ofThis], context).evaluated.map(({ name }) => name)).toEqual(['this'])
  })
})
