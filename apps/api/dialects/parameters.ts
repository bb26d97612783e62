import { type FieldError, InvalidRequest } from '#core/shared/errors.ts'
import type { Form } from './form.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether the text is a UUID, as all ids of the dialects are. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** Parameters of a request, read one by one; what is wrong is gathered, so that the answer names every one. */
export class Parameters {
  readonly #values: Form['values']
  readonly #wrong: FieldError[] = []

  constructor(values: Form['values']) {
    this.#values = values
  }

  /** The text without spaces around it; undefined where it is absent or blank. What is no text is wrong. */
  text(name: string): string | undefined {
    const value = this.#values[name]
    if (value === undefined) return undefined
    if (typeof value !== 'string') return this.refuse(name, 'must be text')
    return value.trim() === '' ? undefined : value.trim()
  }

  /** Whether the parameter was sent at all, be it blank. */
  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  required(name: string): string | undefined {
    if (this.isWrong(name)) return undefined
    return this.text(name) ?? (this.isWrong(name) ? undefined : this.refuse(name, 'is required'))
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase()
    if (text === undefined || text === 'true' || text === 'false') return text && text === 'true'
    return this.refuse(name, 'must be true or false')
  }

  oneOf<Value extends string>(name: string, values: readonly Value[], otherwise: Value): Value {
    const text = this.text(name)?.toLowerCase()
    if (text === undefined) return otherwise
    return (
      values.find((value) => value === text) ??
      this.refuse(name, `must be one of ${values.join(', ')}`) ??
      otherwise
    )
  }

  /** A list with commas in it; undefined where it is absent or blank. */
  list(name: string, max: number, fits: (item: string) => boolean): string[] | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const items = text.split(',', max + 1).map((item) => item.trim())
    if (items.length > max) return this.refuse(name, `may hold ${max} values at most`)
    return items.every(fits) ? items : this.refuse(name, 'holds a value that is not valid')
  }

  refuse(name: string, detail: string): undefined {
    if (!this.isWrong(name)) this.#wrong.push({ pointer: `?${name}`, detail })
    return undefined
  }

  isWrong(name: string): boolean {
    return this.#wrong.some(({ pointer }) => pointer === `?${name}`)
  }

  /** @throws InvalidRequest naming every parameter that was wrong */
  check(): void {
    if (this.#wrong.length > 0) throw new InvalidRequest(this.#wrong)
  }
}
