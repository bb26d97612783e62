import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import type { ActivityWindows } from '#core/rule/evaluate-rules.ts'
import { AMOUNT_MAX } from '#core/shared/money.ts'
import { aRuleContext } from '#test/support/rule-context.ts'

const compiler = createRuleCompiler()
const compile = (expression: string, decimals = 18) => compiler.compile(expression, decimals)
const evaluate = (expression: string, change: Parameters<typeof aRuleContext>[0] = {}, decimals = 18) =>
  compile(expression, decimals).evaluate(aRuleContext(change))

/** What the author is told: the reason, and where. */
function complaint(expression: string, decimals = 18) {
  try {
    compile(expression, decimals)
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_expression', fields: [{ pointer: '/expression' }] })
    // InvalidExpression has these details, as the line above makes sure of.
    return (error as { details: { reason: string; position?: { line: number; column: number } } }).details
  }
  throw new Error(`"${expression}" compiles`)
}

describe('amounts', () => {
  it('compares exactly at the limit, whatever the size', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, AMOUNT_MAX - 1n), (limit) => {
        const rule = compile(`tx.amount <= units("${limit}")`)
        const at = (amount: bigint) => rule.evaluate(aRuleContext({ tx: { amount } }))
        expect([at(limit - 1n), at(limit), at(limit + 1n)]).toEqual([true, true, false])
      }),
    )
  })

  it.each([
    ['tokens(10)', 18, 10n ** 19n],
    ['tokens("10.5")', 18, 105n * 10n ** 17n],
    ['tokens("0.000001")', 6, 1n],
    ['tokens("7.00")', 0, 7n],
    ['units("79228162514264337593543950335")', 18, AMOUNT_MAX],
    ['units(5)', 18, 5n],
    ['tokens(1) + tokens("0.5") * 2 - units("1")', 18, 2n * 10n ** 18n - 1n],
    ['2 * units("21") / 2', 18, 21n],
  ])('%s with %i decimals is %s base units', (expression, decimals, amount) => {
    expect(evaluate(`tx.amount == ${expression}`, { tx: { amount } }, decimals)).toBe(true)
    expect(evaluate(`tx.amount != ${expression}`, { tx: { amount } }, decimals)).toBe(false)
  })

  it('knows the total as amount and commission', () => {
    expect(evaluate('tx.total == tx.amount + tx.commission && tx.total > tx.amount')).toBe(true)
  })

  it('does not let an amount meet a plain number: 100 of what?', () => {
    const { reason } = complaint('tx.amount <= 100')
    expect(reason).toContain('amount <= int')
    expect(reason).toContain('tokens("100")')
    expect(complaint('tx.amount == 5').reason).toContain('units("100")')
  })

  it('refuses amounts that cannot be read, when the rule is written', () => {
    expect(complaint('tx.amount < tokens("1,5")').reason).toContain('write a decimal number')
    expect(complaint('tx.amount < units("1.5")').reason).toContain('whole number of base units')
    expect(complaint('tx.amount < tokens("1.5")', 0).reason).toContain('only 0 decimals')
  })

  it('refuses to divide by zero and to grow without end, when evaluated', () => {
    expect(() => evaluate('tx.amount / 0 == tx.amount')).toThrow(/divided by zero/)
    const million = ' * 9000000000000000000'.repeat(6)
    expect(() => evaluate(`tx.amount${million} > tx.amount`)).toThrow(/100 digits/)
  })
})

describe('what rules see', () => {
  const windows = (count: number, sum: bigint): ActivityWindows => ({
    hour: { count, sum },
    day: { count: count * 2, sum: sum * 2n },
    month: { count: count * 3, sum: sum * 3n },
  })

  it.each([
    ['type.name == "tip" && type.kind == "user_to_user"'],
    ['type.id == "typ_01jc000000e0080000000000003" || type.id.startsWith("typ_")'],
    ['sender.id.startsWith("usr_") && sender.id != recipient.id'],
    ['sender.type == "user" && !sender.is_verified'],
    ['sender.age_days == 20'],
    ['tx.created_at - sender.created_at > duration("480h")'],
    ['tx.created_at < timestamp("2027-01-01T00:00:00Z")'],
    ['type.kind in ["user_to_user", "company_to_user"]'],
    ['[1, 2, 3].exists(n, n == 3) && [1, 2].all(n, n > 0)'],
    ['size(tx.metadata) == 0'],
  ])('%s', (expression) => {
    expect(evaluate(expression)).toBe(true)
  })

  it('reads metadata as the caller wrote it', () => {
    const change = { tx: { metadata: { order: 'A-1', level: 3, vip: true } } }
    expect(evaluate('tx.metadata.vip == true && tx.metadata.level >= 3', change)).toBe(true)
    expect(evaluate('tx.metadata["order"].startsWith("A-")', change)).toBe(true)
    expect(evaluate('has(tx.metadata.order) && !has(tx.metadata.note)', change)).toBe(true)
    expect(evaluate('tx.metadata.exists(key, key == "vip")', change)).toBe(true)
  })

  it('cannot be evaluated on metadata that is not there, and says so', () => {
    expect(() => evaluate('tx.metadata.level > 1')).toThrow(
      'the metadata has no "level" here; ask has(….metadata.level) first',
    )
  })

  it('never reaches what objects inherit', () => {
    expect(() => evaluate('tx.metadata.constructor == 1')).toThrow(/the metadata has no "constructor"/)
    expect(complaint('tx.__proto__ == 1').reason).toContain('unknown field')
  })

  it('counts and sums past activity of the sender and of the type', () => {
    const change = { window: { sender: windows(2, 5n), type: windows(7, 11n) } }
    expect(
      evaluate(
        'window.sender.hour.count == 2 && window.sender.day.sum == units("10") && window.type.month.count == 21 && window.type.month.sum == units("33")',
        change,
      ),
    ).toBe(true)
  })

  it('says whether a rule looks at past activity', () => {
    expect(compile('window.sender.day.count < 3').usesWindow).toBe(true)
    expect(compile('tx.amount < tokens(3)').usesWindow).toBe(false)
    expect(compile('type.name == "window"').usesWindow).toBe(false)
  })
})

describe('local time', () => {
  const at = (created: string) => ({ tx: { createdAt: new Date(created) } })

  it.each([
    ['2026-11-21T12:00:00Z', 'tx.created_at.getHours("Europe/Berlin") == 13'],
    ['2026-07-21T12:00:00Z', 'tx.created_at.getHours("Europe/Berlin") == 14'],
    ['2026-03-29T00:59:59Z', 'tx.created_at.getHours("Europe/Berlin") == 1'],
    ['2026-03-29T01:00:00Z', 'tx.created_at.getHours("Europe/Berlin") == 3'],
    ['2026-10-25T00:30:00Z', 'tx.created_at.getHours("Europe/Berlin") == 2'],
    ['2026-10-25T01:30:00Z', 'tx.created_at.getHours("Europe/Berlin") == 2'],
    ['2026-11-21T23:30:00Z', 'tx.created_at.getDayOfWeek("Asia/Kathmandu") == 0'],
    ['2026-11-21T23:30:00Z', 'tx.created_at.getMinutes("Asia/Kathmandu") == 15'],
    ['2026-12-31T23:30:00Z', 'tx.created_at.getFullYear("Asia/Tokyo") == 2027'],
    ['2026-12-31T23:30:00Z', 'tx.created_at.getDayOfYear("Asia/Tokyo") == 0'],
    ['2026-12-31T23:30:00Z', 'tx.created_at.getDate("Asia/Tokyo") == 1'],
    ['2026-12-31T23:30:00Z', 'tx.created_at.getHours() == 23'],
  ])('at %s: %s', (created, expression) => {
    expect(evaluate(expression, at(created))).toBe(true)
  })

  it('refuses a time zone that does not exist', () => {
    expect(complaint('tx.created_at.getHours("Europe/Bln") > 8').reason).toContain(
      '"Europe/Bln" is not a time zone',
    )
  })
})

describe('what is told to the author of a wrong expression', () => {
  it.each([
    ['sendr.is_verified', 'unknown variable "sendr"; did you mean "sender"?', 1, 1],
    ['user.name == "x"', 'unknown variable "user"; known are tx, type, sender, recipient, window', 1, 1],
    ['tx.amount <\n  tx.amout', 'unknown field "amout"; did you mean "amount"?', 2, 6],
    ['tx.amount', 'must answer true or false, but answers amount', 1, 1],
    ['tx.metadata.vip', 'compare it, as in tx.metadata.vip == true', 1, 1],
    ['type.nam == "x"', 'unknown field "nam"; did you mean "name"?', 1, 6],
    ['1 +', 'Unexpected token: EOF', 1, 4],
    ['contain("a")', 'contain() is not available in rules; did you mean contains()?', 1, 1],
    ['"a" < 1', 'these cannot be combined: string < int', 1, 1],
    ['tx.created_at.getHours(1) > 2', "no matching overload for 'timestamp.getHours(int)'", 1, 1],
  ])('%j', (expression, reason, line, column) => {
    const told = complaint(expression)
    expect(told.reason).toContain(reason)
    expect(told.position).toMatchObject({ line, column })
  })
})

describe('bounds', () => {
  const long = (times: number) => Array.from({ length: times }, () => 'true').join(' && ')

  it.each([
    ['is empty', '  ', 'is empty'],
    ['is too long', `"${'x'.repeat(2_000)}" == ""`, 'a rule may have 2000'],
    ['nests too deeply', `${'('.repeat(60)}true${')'.repeat(60)}`, 'maxDepth'],
    ['could take exponential time', '"aaaa".matches("(a+)+$")', 'matches() is not available'],
    ['could double a value again and again', 'cel.bind(a, "x", a + a == a)', 'bind() is not available'],
    ['has a loop inside a loop', '[1, 2].all(a, [1, 2].all(b, a == b))', 'loop inside a loop'],
    ['has a loop after a loop', '["x"].map(a, a + a).map(b, b + b).size() == 1', 'loop inside a loop'],
    ['takes too many steps', `[1, 2, 3, 4, 5, 6, 7, 8, 9].all(x, ${long(80)})`, 'a rule may take 1000'],
    ['loops over metadata for too long', `tx.metadata.all(k, ${long(30)})`, 'a rule may take 1000'],
    ['has a huge list', `1 in [${Array.from({ length: 150 }, () => '1').join(',')}]`, 'maxListElements'],
  ])('refuses an expression that %s', (_what, expression, reason) => {
    expect(complaint(expression).reason).toContain(reason)
  })

  it('never throws anything but a complaint, whatever the text', () => {
    const words = fc.constantFrom(
      ...'tx . amount type window ( ) [ ] { } && || ! - <= == in 1 1.5 tokens units all x , : ? has metadata null'.split(
        ' ',
      ),
      '"a"',
      '"',
      "'",
      '\\',
    )
    fc.assert(
      fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
        try {
          compile(parts.join(' ')).evaluate(aRuleContext())
        } catch (error) {
          // Either it did not compile, or it could not be evaluated; both say why.
          expect(error).toBeInstanceOf(Error)
          expect(error).not.toBeInstanceOf(TypeError)
          expect(error).not.toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('what was compiled', () => {
  it('is kept by its text and the token’s decimals', () => {
    expect(compile('tx.amount > tokens(1)')).toBe(compile('tx.amount > tokens(1)'))
    expect(compile('tx.amount > tokens(1)', 6)).not.toBe(compile('tx.amount > tokens(1)'))
  })

  it('answers about each transaction alone', () => {
    const rule = compile('tx.metadata.all(key, key != "x") && sender.age_days >= 0')
    const answers = [{ a: 1 }, { x: 1 }, {}].map((metadata) =>
      rule.evaluate(aRuleContext({ tx: { metadata } })),
    )
    expect(answers).toEqual([true, false, true])
  })
})

describe('docs/token-rules.md', () => {
  it('shows examples that compile and can be evaluated', async () => {
    const text = await readFile('docs/token-rules.md', 'utf8')
    const table = text.slice(text.indexOf('## Examples'))
    const examples = [...table.matchAll(/\| `([^`]+)`/g)].map(([, cell = '']) => cell.replaceAll('\\|', '|'))
    expect(examples.length).toBeGreaterThanOrEqual(6)
    for (const example of examples) expect(typeof evaluate(example), example).toBe('boolean')
  })
})
