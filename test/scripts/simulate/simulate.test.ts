import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SimulateOptions } from '#scripts/simulate/options.ts'
import type { Report } from '#scripts/simulate/report.ts'
import { reportText } from '#scripts/simulate/report.ts'
import { simulate } from '#scripts/simulate/simulate.ts'
import { silentProgress } from '#scripts/stack/progress.ts'
import { type LivePlatform, startLivePlatform } from '../live-platform.ts'

const SIZE = { economies: 2, users: 24, transfers: 400, concurrency: 16, settleTimeoutMs: 60_000 }

let platform: LivePlatform
beforeAll(async () => {
  platform = await startLivePlatform()
})
afterAll(() => platform.close())

async function run(changes: Partial<SimulateOptions> = {}): Promise<Report> {
  const options = { ...SIZE, seed: '1', apiUrl: platform.apiUrl, rpcUrl: platform.rpcUrl, ...changes }
  const env = { OPERATOR_KEY: platform.operatorKey, LOCAL_DATA_DIR: platform.dataDir }
  return simulate(options, { env, output: { write() {} }, progress: silentProgress })
}

describe('a simulation against the running platform', { timeout: 120_000 }, () => {
  it('ends with every account equal to the chain, and the same for the same seed', async () => {
    const [first, second] = [await run(), await run()]
    expect(first.differences).toEqual([])
    expect(first.passed).toBe(true)
    expect(first.accepted + first.refused).toBe(SIZE.transfers)
    expect(first.confirmed).toBe(first.accepted)
    expect(first.accounts_compared).toBe(SIZE.users + SIZE.economies)
    expect(first.chain.gas_per_transfer).toBeGreaterThan(3_000)
    const { accepted, refused, refused_by, plan } = first
    expect(second).toMatchObject({ accepted, refused, refused_by, plan })
    expect(reportText(first)).toContain('✓')
  })

  it('finds what was tampered with, and does not pass', async () => {
    const { owner } = platform.bed
    // Someone with the owner's rights gives every second account one base unit while nobody looks.
    await owner.query(`
      CREATE FUNCTION tamper() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.settled := NEW.settled + 1; RETURN NEW; END $$`)
    await owner.query(`
      CREATE TRIGGER tamper BEFORE UPDATE OF settled ON account FOR EACH ROW
      WHEN (NEW.kind = 'wallet' AND NEW.settled > OLD.settled AND OLD.settled > 0) EXECUTE FUNCTION tamper()`)
    try {
      const report = await run({ seed: 'tampered' })
      expect(report.passed).toBe(false)
      expect(report.differences.map(({ kind }) => kind)).toContain('balance on the chain')
      expect(reportText(report)).toContain('✗ Not everything is as it should be')
    } finally {
      await owner.query('DROP TRIGGER tamper ON account')
      await owner.query('DROP FUNCTION tamper()')
    }
  })
})
