import { isUrl, parseJson } from './json.ts'

/** The process's variables, as Node gives them. */
export type Environment = Readonly<Record<string, string | undefined>>

const KEY_BYTES = 32

type IntegerRange = { min: number; max: number; otherwise: number }

/** Collects problems instead of stopping at the first, so that one start shows everything there is to fix. */
export class EnvironmentReader {
  readonly problems: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** An empty variable counts as missing: that is how compose files and CI pass "not set". */
  #raw(name: string): string | undefined {
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  text(name: string, otherwise: string): string {
    return this.#raw(name) ?? otherwise
  }

  secret(name: string, lengthMin: number): string {
    const value = this.#raw(name)
    if (value === undefined) {
      this.problems.push(`${name} is not set: give it a random secret of at least ${lengthMin} characters.`)
      return ''
    }
    if (value.length < lengthMin) {
      this.problems.push(
        `${name} has ${value.length} characters: use a random secret of at least ${lengthMin}.`,
      )
    }
    return value
  }

  key(name: string): Uint8Array {
    const value = this.#raw(name)
    const advice = `make one with: node -p "crypto.randomBytes(${KEY_BYTES}).toString('base64url')"`
    if (value === undefined) {
      this.problems.push(`${name} is not set: ${advice}.`)
      return new Uint8Array(KEY_BYTES)
    }
    const bytes = Buffer.from(value, 'base64url')
    if (!/^[\w-]+$/.test(value) || bytes.length !== KEY_BYTES) {
      this.problems.push(`${name} is not ${KEY_BYTES} bytes in base64url: ${advice}.`)
    }
    return new Uint8Array(bytes)
  }

  /** Any number of keys, separated by commas. */
  keys(name: string, max: number): readonly Uint8Array[] {
    const values = (this.#raw(name) ?? '').split(',').filter((value) => value.trim() !== '')
    if (values.length > max) this.problems.push(`${name} has ${values.length} keys: keep at most ${max}.`)
    return values.slice(0, max).map((value) => {
      const bytes = Buffer.from(value.trim(), 'base64url')
      if (!/^[\w-]+$/.test(value.trim()) || bytes.length !== KEY_BYTES) {
        this.problems.push(
          `${name} must be keys of ${KEY_BYTES} bytes in base64url, separated by commas: correct it or leave it out.`,
        )
      }
      return new Uint8Array(bytes)
    })
  }

  /** Any number of private keys in hex, separated by commas. Never repeats a value. */
  privateKeys(name: string, max: number): readonly string[] {
    const values = (this.#raw(name) ?? '').split(',').map((value) => value.trim())
    const keys = values.filter((value) => value !== '')
    if (keys.length > max) this.problems.push(`${name} has ${keys.length} keys: keep at most ${max}.`)
    if (keys.some((key) => !/^0x[0-9a-fA-F]{64}$/.test(key))) {
      this.problems.push(
        `${name} must be private keys, 0x and 64 hexadecimal digits each, separated by commas: correct it or leave it out.`,
      )
      return []
    }
    return keys.slice(0, max)
  }

  oneOf<const T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.#raw(name)
    if (value === undefined) return otherwise
    const choice = choices.find((known) => known === value)
    if (choice === undefined) {
      this.problems.push(`${name} is "${value}": use one of ${choices.join(', ')}.`)
      return otherwise
    }
    return choice
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#raw(name)?.toLowerCase()
    if (value === undefined) return otherwise
    if (value === 'true' || value === '1') return true
    if (value === 'false' || value === '0') return false
    this.problems.push(`${name} is "${value}": use true or false.`)
    return otherwise
  }

  integer(name: string, { min, max, otherwise }: IntegerRange): number {
    const value = this.#raw(name)
    if (value === undefined) return otherwise
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < min || number > max) {
      this.problems.push(`${name} is "${value}": use a whole number from ${min} to ${max}.`)
      return otherwise
    }
    return number
  }

  /** Base units of a coin: more than a number holds. */
  wei(name: string, otherwise: bigint): bigint {
    const value = this.#raw(name)
    if (value === undefined) return otherwise
    if (/^\d{1,30}$/.test(value)) return BigInt(value)
    this.problems.push(`${name} is "${value}": use a whole number of wei.`)
    return otherwise
  }

  url(name: string, protocols: readonly string[], otherwise?: string): string {
    const value = this.optionalUrl(name, protocols) ?? otherwise
    if (value !== undefined) return value
    if (this.#raw(name) === undefined) {
      this.problems.push(`${name} is not set: give it a URL that starts with ${protocols[0]}//.`)
    }
    return ''
  }

  /** Never repeats the value: URLs carry passwords. */
  optionalUrl(name: string, protocols: readonly string[]): string | undefined {
    const value = this.#raw(name)
    if (value === undefined) return undefined
    if (isUrl(value, protocols)) return value
    this.problems.push(`${name} is not a URL that starts with ${protocols.join('// or ')}//: correct it.`)
    return undefined
  }

  /** A JSON array of at most `max` entries; null when the variable is missing, undefined when it is no such array. */
  jsonArray(name: string, max: number): readonly unknown[] | null | undefined {
    const value = this.#raw(name)
    if (value === undefined) return null
    const parsed = parseJson(value)
    if (Array.isArray(parsed) && parsed.length <= max) return parsed
    this.problems.push(
      `${name} is not a JSON array of at most ${max} entries: see the example in .env.example.`,
    )
    return undefined
  }
}
