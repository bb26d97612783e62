import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '#apps/cli/run-cli.ts'
import { type LivePlatform, startLivePlatform } from '#test/scripts/live-platform.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** Every command once, in the order in which a new business would use them, against the whole running platform. */
describe('npm run ost, from nothing to a reconciled economy', { timeout: 60_000 }, () => {
  let platform: LivePlatform
  const env: Record<string, string> = {}

  beforeAll(async () => {
    platform = await startLivePlatform()
    Object.assign(env, {
      OST_API_URL: platform.apiUrl,
      OPERATOR_KEY: platform.operatorKey,
      LOCAL_DATA_DIR: platform.dataDir,
    })
  })
  afterAll(() => platform.close())

  async function ost(...args: string[]): Promise<string> {
    const terminal = fakeTerminal(env)
    const exitCode = await runCli(args, terminal)
    expect({ args, exitCode, err: exitCode === 0 ? '' : terminal.written.err }).toEqual({
      args,
      exitCode: 0,
      err: '',
    })
    return terminal.written.out
  }

  /** A command's JSON: an object or a list, of which tests read what they expect to be there. */
  async function json(...args: string[]) {
    return JSON.parse(await ost(...args, '--json'))
  }

  it('creates a tenant, people and keys', async () => {
    const tenant = await json(
      'tenant',
      'create',
      '--name',
      'Acme',
      '--owner-email',
      'ada@example.com',
      '--owner-name',
      'Ada',
    )
    env['OST_API_KEY'] = tenant.api_key.secret
    expect(await json('tenant', 'show')).toMatchObject({ id: tenant.id, name: 'Acme' })
    await ost('member', 'create', '--email', 'grace@example.com', '--name', 'Grace', '--role', 'admin')
    expect(await ost('member', 'list')).toMatch(/grace@example\.com\s+admin/)
    const [grace] = JSON.parse(await ost('member', 'list', '--json'))
    const { token } = JSON.parse(await ost('member', 'invite', grace.id, '--json'))
    expect(token).toMatch(/^ost_invite_/)
    const refused = fakeTerminal(env)
    expect(await runCli(['member', 'accept', token], refused)).toBe(2)
    expect(refused.written.err).toContain('OST_PASSWORD')
    const password = 'correct horse battery staple'
    const accepting = fakeTerminal({ ...env, OST_PASSWORD: password })
    expect(await runCli(['member', 'accept', token], accepting)).toBe(0)
    expect(accepting.written.out).toContain('The password is set.')
    const signedIn = await fetch(`${platform.apiUrl}/v3/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'grace@example.com', password, tenant_id: tenant.id }),
    })
    expect(signedIn.status).toBe(200)
    const again = fakeTerminal({ ...env, OST_PASSWORD: password })
    expect(await runCli(['member', 'accept', token], again)).toBe(1)
    expect(again.written.err).not.toContain(password)

    const key = await json(
      'key',
      'create',
      '--name',
      'Reporting',
      '--scopes',
      'tenant:read',
      '--expires-in',
      '30d',
    )
    const rotated = await json('key', 'rotate', key.id, '--overlap', '0s')
    expect(rotated.secret).not.toBe(key.secret)
    await ost('key', 'revoke', rotated.id)
    expect(await ost('key', 'list')).toMatch(new RegExp(`${rotated.id}.*revoked`))
  })

  it('creates an economy and shows its steps until it is live', async () => {
    const terminal = fakeTerminal(env)
    const exitCode = await runCli(
      [
        'economy',
        'create',
        '--name',
        'Acme Coin',
        '--symbol',
        'ACME',
        '--decimals',
        '6',
        '--grant',
        '5000',
        '--json',
      ],
      terminal,
    )
    expect(exitCode).toBe(0)
    const economy = JSON.parse(terminal.written.out)
    expect(economy).toMatchObject({ status: 'active', symbol: 'ACME', initial_grant: '5000000000' })
    expect(terminal.written.err).toContain('create contracts')
    env['OST_ECONOMY'] = economy.id
    expect(await ost('economy', 'list')).toContain(economy.id)
    expect(await json('economy', 'pause', economy.id)).toMatchObject({ status: 'paused' })
    expect(await json('economy', 'resume', economy.id)).toMatchObject({ status: 'active' })
    expect(await ost('economy', 'grant', economy.id, '--amount', '1000')).toContain('1,000 ACME')
    expect(await ost('economy', 'show', economy.id)).toContain('grant initial supply ✓')
  })

  it('creates users and ways to pay', async () => {
    for (const name of ['alice', 'bob', 'carol']) {
      await ost(
        'user',
        'create',
        '--external-id',
        name,
        '--name',
        name,
        ...(name === 'carol' ? [] : ['--verified']),
      )
    }
    expect(await ost('user', 'list')).toMatch(/alice\s+alice\s+user\s+yes/)
    await ost('type', 'create', '--name', 'tip', '--kind', 'user_to_user', '--commission-bps', '100')
    await ost('type', 'create', '--name', 'reward', '--kind', 'company_to_user')
    await ost('type', 'create', '--name', 'coffee', '--kind', 'user_to_company', '--amount', '3.5')
    expect(await ost('type', 'list')).toMatch(/tip\s+user_to_user\s+any ACME\s+1 %/)
    expect(await ost('type', 'list')).toMatch(/coffee\s+user_to_company\s+3\.5 ACME\s+none/)
  })

  it('moves tokens by name, in whole tokens', async () => {
    const rewarded = await json(
      'tx',
      'send',
      '--type',
      'reward',
      '--to',
      'alice',
      '--amount',
      '100',
      '--metadata',
      'why=welcome',
    )
    expect(rewarded).toMatchObject({ amount: '100000000', metadata: { why: 'welcome' } })
    expect(
      await ost(
        'tx',
        'send',
        '--type',
        'tip',
        '--from',
        'alice',
        '--to',
        'bob',
        '--amount',
        '10',
        '--dry-run',
      ),
    ).toBe('It would be accepted: 10 ACME and a commission of 0.1 ACME.\n')
    const tip = await json(
      'tx',
      'send',
      '--type',
      'tip',
      '--from',
      'alice',
      '--to',
      'bob',
      '--amount',
      '10',
      '--key',
      'tip-1',
    )
    const again = await json(
      'tx',
      'send',
      '--type',
      'tip',
      '--from',
      'alice',
      '--to',
      'bob',
      '--amount',
      '10',
      '--key',
      'tip-1',
    )
    expect(again.id).toBe(tip.id)
    await ost('tx', 'send', '--type', 'coffee', '--from', 'alice')
    expect(await ost('tx', 'show', tip.id)).toMatch(/commission\s+0\.1 ACME/)
    expect(await ost('tx', 'timeline', tip.id)).toMatch(/mined {12}Mined in block \d+/)
    expect(await ost('tx', 'list', '--user', 'bob')).toContain(tip.id)
    expect(await json('tx', 'list', '--type', 'coffee')).toHaveLength(1)
    expect(await ost('user', 'balance', 'alice')).toMatch(/settled\s+86\.4 ACME/)
  })

  it('records what a token is worth, and shows what is used', async () => {
    expect(await ost('price', 'set', 'usd', '0.25')).toMatch(/^id\s+prc_\w+\nprice\s+0\.25 USD\nas of\s+20/)
    await ost('price', 'set', 'EUR', '0.2', '--as-of', '2020-01-01T00:00:00Z')
    const listed = await ost('price', 'list')
    expect(listed).toMatch(/USD\s+0\.25\s+admin\s+20\S+\s+in use/)
    expect(listed).toMatch(/EUR\s+0\.2\s+admin\s+2020-01-01\S+\s+too old: amounts are refused/)
  })

  it('1: shows the reason when a transaction is refused', async () => {
    const terminal = fakeTerminal(env)
    const args = ['tx', 'send', '--type', 'tip', '--from', 'bob', '--to', 'alice', '--amount', '1000']
    expect(await runCli(args, terminal)).toBe(1)
    expect(terminal.written.err).toContain('insufficient_funds')
  })

  it('gives to many, and shows who has what', async () => {
    const airdrop = await json('airdrop', 'create', '--type', 'reward', '--amount', '5', '--verified')
    expect(airdrop.progress.total).toBe(2)
    await expect
      .poll(() => ost('airdrop', 'show', airdrop.id), { timeout: 20_000 })
      .toMatch(/recipients\s+2: 2 accepted, 0 refused\non the chain\s+\d mined, 2 confirmed/)
    const balances = await ost('balances')
    expect(balances).toMatch(/alice\s+91\.4\s+91\.4\s+0\s+0/)
    expect(balances).toMatch(/bob\s+15\s+15\s+0\s+0/)
    expect(balances).toContain('Acme Coin: 6,000 ACME in circulation')
  })

  it('finds ledger and chain equal, and says so when they are not', async () => {
    expect(await ost('reconcile')).toMatch(/Ledger and chain are equal: \d+ accounts at block \d+/)
    await platform.bed.owner.query(
      "UPDATE account SET settled = settled + 1 WHERE kind = 'wallet' AND id = (SELECT id FROM economy_user WHERE external_id = 'bob')",
    )
    const terminal = fakeTerminal(env)
    expect(await runCli(['reconcile'], terminal)).toBe(1)
    expect(terminal.written.out).toMatch(/balance\s+0x\w+\s+15000000\s+15000001/)
    expect(terminal.written.err).toContain('Ledger and chain differ')
  })
})
