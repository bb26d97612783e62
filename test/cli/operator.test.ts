import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { runCli } from '#apps/cli/run-cli.ts'
import type { Economy } from '#core/economy/economy.ts'
import { type LivePlatform, startLivePlatform } from '#test/scripts/live-platform.ts'
import { until } from '#test/worker/redis-server.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** The operator's hands, against the whole running platform. */
describe('the operator’s commands', { timeout: 60_000 }, () => {
  let platform: LivePlatform
  let economy: Economy
  let users: { userIds: string[]; typeId: string }
  const env: Record<string, string> = {}

  beforeAll(async () => {
    platform = await startLivePlatform()
    Object.assign(env, {
      OST_API_URL: platform.apiUrl,
      OPERATOR_KEY: platform.operatorKey,
      LOCAL_DATA_DIR: platform.dataDir,
    })
    economy = await platform.bed.createEconomy()
    await platform.bed.untilActive(economy)
    users = await platform.bed.addUsers(economy, 5)
  }, 60_000)
  afterAll(() => platform.close())

  async function run(...args: string[]) {
    const terminal = fakeTerminal(env)
    const exitCode = await runCli(args, terminal)
    return { exitCode, out: terminal.written.out, err: terminal.written.err }
  }

  async function json(...args: string[]) {
    const { exitCode, out, err } = await run(...args, '--json')
    expect({ exitCode, err: exitCode === 0 ? '' : err }).toEqual({ exitCode: 0, err: '' })
    return JSON.parse(out)
  }

  const sql = async (text: string, values: unknown[] = []) =>
    (await platform.bed.owner.query(text, values)).rows

  it('lanes: shows every lane as its node sees it now', async () => {
    const lanes = await json('lanes')
    expect(lanes).toHaveLength(2)
    for (const lane of lanes) {
      expect(BigInt(lane.balance_wei)).toBeGreaterThan(0n)
      expect(BigInt(lane.base_fee_per_gas)).toBeGreaterThan(0n)
      expect(Date.now() - Date.parse(lane.checked_at)).toBeLessThan(10_000)
      expect(lane).toMatchObject({ status: 'active', missing_nonces: [] })
    }
    const { exitCode, out } = await run('lanes')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/LANE +CHAIN +ADDRESS +STATUS +BALANCE +QUEUED +IN FLIGHT/)
    expect(out).toMatch(new RegExp(`${toWire('lan', economy.laneId)} .*active +\\d+\\.\\d+`))
  })

  it('lanes resume: ends a person’s pause, finds a lane by its address, and refuses what ends by itself', async () => {
    await sql(`UPDATE lane SET status = 'paused', pause_reason = 'operator' WHERE id = $1`, [economy.laneId])
    const [{ address }] = await sql('SELECT address FROM lane WHERE id = $1', [economy.laneId])
    expect(await run('lanes', 'resume', address)).toMatchObject({ exitCode: 0 })
    expect(await sql('SELECT status FROM lane WHERE id = $1', [economy.laneId])).toEqual([
      { status: 'active' },
    ])
    await sql(`UPDATE lane SET status = 'paused', pause_reason = 'unknown_payments' WHERE id = $1`, [
      economy.laneId,
    ])
    const refused = await run('lanes', 'resume', toWire('lan', economy.laneId))
    expect(refused).toMatchObject({ exitCode: 1 })
    expect(refused.err).toContain('--after-restore')
    expect(await run('lanes', 'resume', toWire('lan', economy.laneId), '--after-restore')).toMatchObject({
      exitCode: 0,
    })
    expect(
      await sql('SELECT status, recovery_requested_at FROM lane WHERE id = $1', [economy.laneId]),
    ).toEqual([{ status: 'active', recovery_requested_at: null }])
    expect(await run('lanes', 'resume', 'nobody')).toMatchObject({ exitCode: 2 })
  })

  it('unstick: sends stored bytes again and says so, is safe to repeat, and leaves alone what is mined', async () => {
    const { bed } = platform
    await bed.anvil.rpc('evm_setIntervalMining', [0])
    await bed.reward(economy, users.typeId, users.userIds, 5n)
    const open = async () =>
      sql(
        `SELECT id, nonce FROM chain_submission WHERE economy_id = $1 AND status IN ('signed', 'broadcast')`,
        [economy.id],
      )
    await until('it is on its way', async () => (await open()).length > 0)
    const [{ id, nonce }] = await open()
    const submission = toWire('sub', id)
    for (let time = 0; time < 2; time += 1) {
      const { exitCode, out, err } = await run('unstick', submission)
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
      expect(out).toMatch(/went out again|fee was raised/)
      expect(out).toContain(`5 transactions, nonce ${nonce}, on its way`)
    }
    await bed.anvil.rpc('evm_setIntervalMining', [1])
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 5, 20_000)
    expect((await run('unstick', id)).out).toMatch(/Nothing to do\.\n.*confirmed in block/)
    expect(
      await sql('SELECT count(*)::int AS count FROM chain_submission WHERE lane_id = $1 AND nonce = $2', [
        economy.laneId,
        nonce,
      ]),
    ).toEqual([{ count: 1 }])
    expect(await run('unstick', 'sub_x')).toMatchObject({ exitCode: 1 })
  })

  it('outbox: shows readers and what holds them back', async () => {
    const outbox = await json('outbox')
    expect(outbox.readers.map(({ consumer }: { consumer: string }) => consumer)).toContain('job-relay')
    expect((await run('outbox')).out).toMatch(/READER +UNREAD +OLDEST/)
  })

  it('keys: says under which key everything is', async () => {
    await until('it was looked at', async () => (await json('keys')).outdated === 0)
    expect((await run('keys')).out).toMatch(
      /relayer_key +2 .* current[\s\S]*Everything is under the current key/,
    )
  })

  it('reconcile --all: every live economy, one line each, and one per difference with exit code 1', async () => {
    const equal = await run('reconcile', '--all')
    expect(equal).toMatchObject({ exitCode: 0 })
    expect(equal.out).toMatch(
      new RegExp(`${toWire('eco', economy.id)} +${economy.symbol} +equal: \\d+ accounts`),
    )
    const [user] = users.userIds
    await sql('UPDATE account SET settled = settled + 1 WHERE economy_id = $1 AND id = $2', [
      economy.id,
      user,
    ])
    const drift = await run('reconcile', '--all')
    expect(drift).toMatchObject({ exitCode: 1 })
    expect(drift.out).toMatch(/drift: \d+ accounts/)
    expect(drift.out).toMatch(
      /balance of 0x[0-9a-f]{40}: expected 5, found 6|balance of 0x[0-9a-f]{40}: expected \d+, found \d+/,
    )
    await sql('UPDATE account SET settled = settled - 1 WHERE economy_id = $1 AND id = $2', [
      economy.id,
      user,
    ])
  })

  it('refuse everybody else, and explain themselves', async () => {
    env['OPERATOR_KEY'] = 'not-the-operator-key-0123456789012345678'
    for (const args of [['lanes'], ['outbox'], ['keys'], ['unstick', 'sub_x'], ['reconcile', '--all']]) {
      const { exitCode, err } = await run(...args)
      expect([args, exitCode]).toEqual([args, 1])
      expect(err).toContain('unauthenticated')
    }
    env['OPERATOR_KEY'] = platform.operatorKey
    for (const command of ['lanes', 'unstick', 'outbox', 'keys', 'reconcile']) {
      const { exitCode, out } = await run(command, '--help')
      expect(exitCode).toBe(0)
      expect(out).toContain(`npm run ost -- ${command}`)
    }
  })
})
