import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LineBuffer } from '#apps/api/plugins/line-buffer.ts'

describe('the line buffer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const aBuffer = () => {
    const written: string[] = []
    const buffer = new LineBuffer({ write: (text) => written.push(text) }, { lengthMax: 10, delayMs: 100 })
    return { buffer, written }
  }

  it('writes lines together once they are long enough', () => {
    const { buffer, written } = aBuffer()
    for (const line of ['1234\n', '5678\n', '9\n']) buffer.write(line)
    expect(written).toEqual(['1234\n5678\n'])
  })

  it('lets no line wait longer than its delay', () => {
    const { buffer, written } = aBuffer()
    buffer.write('1\n')
    vi.advanceTimersByTime(60)
    buffer.write('2\n')
    vi.advanceTimersByTime(40)
    expect(written).toEqual(['1\n2\n'])
    vi.advanceTimersByTime(1_000)
    expect(written).toHaveLength(1)
  })
})
