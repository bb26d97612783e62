import fc from 'fast-check'

/** JSON text of values that somebody should have thought of. Text, because objects cannot hold two `__proto__`s. */
const NASTY: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '1e400',
  '-0',
  '0.1',
  '9007199254740993',
  '99999999999999999999999999999999999999999999',
  '""',
  '" "',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\u202e\\ufeff"',
  '"\ud83d\ude00"',
  JSON.stringify("'; DROP TABLE member; --"),
  JSON.stringify('" OR 1=1 --'),
  JSON.stringify('${jndi:ldap://127.0.0.1/x}'),
  JSON.stringify('{{7*7}}<script>alert(1)</script>'),
  JSON.stringify('../../../../etc/passwd'),
  JSON.stringify('%00%ff%2e%2e'),
  JSON.stringify('usr_7zzzzzzzzzzzzzzzzzzzzzzzzz'),
  JSON.stringify('eco_01k0g2qz5me93tnsy1xq2zc7ah'),
  JSON.stringify('x'.repeat(70_000)),
  JSON.stringify('1'.repeat(61)),
  JSON.stringify('2026-02-30T25:61:61Z'),
  JSON.stringify('+275760-09-13T00:00:00.001Z'),
  JSON.stringify('http://169.254.169.254/latest'),
  '[]',
  '{}',
  '[[[[[[[[[[]]]]]]]]]]',
  '["a",1,null,{}]',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
]

export const nastyJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
)

/** The same for places that hold text, such as paths and queries. */
export const nastyText: fc.Arbitrary<string> = nastyJson.map((json) => {
  const value: unknown = JSON.parse(json)
  return (typeof value === 'string' ? value : json).slice(0, 2_000)
})

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'a_field_nobody_has',
  '',
  '\u0000',
  '$where',
]

export type Mutation =
  | { kind: 'replace'; pick: number; json: string }
  | { kind: 'remove'; pick: number }
  | { kind: 'add'; name: string; json: string }
  | { kind: 'whole'; json: string }
  | { kind: 'none' }

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('replace' as const), pick: fc.nat(), json: nastyJson }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      name: fc.constantFrom(...NAMES),
      json: nastyJson,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('whole' as const), json: nastyJson }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('none' as const) }) },
)

/** The JSON text of `body` with one thing wrong in it. `names`: what it could hold. */
export function mutate(
  body: Readonly<Record<string, unknown>>,
  names: readonly string[],
  how: Mutation,
): string {
  if (how.kind === 'whole') return how.json
  const members = new Map(Object.entries(body).map(([name, value]) => [name, JSON.stringify(value)]))
  const name = 'pick' in how ? names[how.pick % Math.max(1, names.length)] : undefined
  if (how.kind === 'replace' && name !== undefined) members.set(name, how.json)
  if (how.kind === 'remove' && name !== undefined) members.delete(name)
  if (how.kind === 'add') members.set(how.name, how.json)
  return `{${[...members].map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`
}
