import { uuidv7 } from 'uuidv7'
import type { Ids } from '#core/shared/clock.ts'

/** UUIDv7: 48 bits of time, 74 random ones; rising within a process. */
export const ids: Ids = { next: uuidv7 }
