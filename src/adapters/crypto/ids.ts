import { randomFillSync } from 'node:crypto'
import { V7Generator } from 'uuidv7'
import type { Ids } from '#core/shared/clock.ts'
import { textOf } from './uuid-suffix.ts'

/** Random numbers fetched together: every request takes a few, and fetching costs more than the numbers. */
const numbers = new Uint32Array(1_024)
let next = numbers.length

const generator = new V7Generator({
  nextUint32() {
    if (next === numbers.length) {
      randomFillSync(numbers)
      next = 0
    }
    return numbers[next++] ?? 0
  },
})

/** UUIDv7: 48 bits of time, 74 random ones; rising within a process. */
export const ids: Ids = { next: () => textOf(generator.generate().bytes) }
