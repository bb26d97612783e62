import { describe, expect, it } from 'vitest'
import { UsageError } from '#apps/cli/errors.ts'
import { type Column, table } from '#apps/cli/table.ts'
import { showTokens, showUnits, toSeconds, toUnits } from '#apps/cli/units.ts'

describe('amounts on the command line', () => {
  it.each([
    ['1.5', 18, '1500000000000000000'],
    ['1000', 2, '100000'],
    ['0.10', 1, '1'],
    ['7', 0, '7'],
  ])('read %s with %i decimals as %s base units', (text, decimals, units) => {
    expect(toUnits(text, decimals, '--amount')).toBe(units)
  })

  it.each(['-1', '1,5', 'ten', '', '1e3', '.5'])('refuse "%s" by the option that has it', (text) => {
    expect(() => toUnits(text, 18, '--grant')).toThrow(UsageError)
    expect(() => toUnits(text, 18, '--grant')).toThrow('--grant')
  })

  it('refuse more places than the token has', () => {
    expect(() => toUnits('0.001', 2, '--amount')).toThrow('only 2 decimal places')
  })

  it('are shown in whole tokens, grouped by three, exactly', () => {
    expect(showTokens('1234567500000000000000001', 18)).toBe('1,234,567.500000000000000001')
    expect(showUnits('1500', { symbol: 'BEAN', decimals: 3 })).toBe('1.5 BEAN')
    expect(showTokens('0', 18)).toBe('0')
  })
})

describe('time spans on the command line', () => {
  it('are read in days, hours, minutes and seconds', () => {
    expect(['2d', '24h', '15m', '90s'].map((text) => toSeconds(text, '--overlap'))).toEqual([
      172_800, 86_400, 900, 90,
    ])
    expect(() => toSeconds('soon', '--overlap')).toThrow('--overlap')
  })
})

describe('a table', () => {
  it('aligns its columns, numbers to the right', () => {
    const columns: Column<{ who: string; has: string }>[] = [
      { title: 'who', show: (row) => row.who },
      { title: 'has', show: (row) => row.has, align: 'right' },
    ]
    const text = table(columns, [
      { who: 'Alice', has: '10' },
      { who: 'Bo', has: '1,000' },
    ])
    expect(text).toBe('WHO      HAS\nAlice     10\nBo     1,000')
  })

  it('has a head even when it has no rows', () => {
    expect(table([{ title: 'who', show: () => '' }], [])).toBe('WHO')
  })
})
