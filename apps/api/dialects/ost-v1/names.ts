import type { Parameters } from '../parameters.ts'

const LENGTH_MIN = 3
const LENGTH_MAX = 20
const NAME = /^[A-Za-z0-9 ]+$/
/** Words that no name may contain. */
const STOP_WORDS = new Set([
  'anal',
  'cunt',
  'dick',
  'fuck',
  'nigger',
  'penis',
  'pussy',
  'rape',
  'shit',
  'slut',
  'whore',
])

/** A name of a user or an action: undefined where it is absent or blank, and where it is wrong, which is noted. */
export function readName(parameters: Parameters): string | undefined {
  const name = parameters.text('name')
  if (name === undefined) return undefined
  if (name.length < LENGTH_MIN || name.length > LENGTH_MAX)
    return parameters.refuse('name', `must have ${LENGTH_MIN} to ${LENGTH_MAX} characters`)
  if (!NAME.test(name)) return parameters.refuse('name', 'may hold letters, digits and spaces only')
  if (
    name
      .toLowerCase()
      .split(' ')
      .some((word) => STOP_WORDS.has(word))
  )
    return parameters.refuse('name', 'holds a word that is not allowed')
  return name
}
