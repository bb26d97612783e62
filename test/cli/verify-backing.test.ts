import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '#apps/cli/run-cli.ts'
import {
  aSecret,
  done,
  type GatewayPair,
  type Intent,
  startGatewayPair,
  UNIT,
} from '#test/support/gateway-pair.ts'
import { fakeTerminal } from './fake-terminal.ts'

let pair: GatewayPair
let token: string

beforeAll(async () => {
  pair = await startGatewayPair()
  token = await pair.economy.token.getAddress()
}, 120_000)

afterAll(async () => pair?.stop())

async function verify(...args: string[]) {
  const terminal = fakeTerminal({ LOCAL_DATA_DIR: '/nowhere' })
  const nodes = ['--value-rpc', pair.value.anvil.rpcUrl, '--utility-rpc', pair.utility.anvil.rpcUrl]
  const exitCode = await runCli(['verify-backing', ...nodes, ...args], terminal)
  return { exitCode, out: terminal.written.out, err: terminal.written.err }
}

async function facts() {
  const { out, err } = await verify('--token', token, '--depth', '0', '--json')
  expect(err).toBe('')
  return JSON.parse(out)
}

async function stake(amount: bigint) {
  const { secret, hashLock } = aSecret()
  const intent = pair.intent({ amount, hashLock })
  await done(pair.value.gateway.stake(intent))
  return { intent, secret }
}

async function confirmStake(intent: Intent) {
  const { height } = await pair.anchorFrom('value')
  const message = await pair.value.gateway.stakeHash(intent)
  const proof = await pair.statusProof('value', 'outbox', message, height)
  await done(pair.utility.gateway.confirmStake(intent, height, proof))
}

describe('a real stake', () => {
  it('covers the supply at each step of stake, mint and redemption', async () => {
    const { intent, secret } = await stake(1_000n * UNIT)
    expect(await facts()).toMatchObject({
      facts: { staked: '0', inFlight: `${1_000n * UNIT}`, found: { minted: '0' }, supply: '0' },
      verdict: { holds: true, ratio: null },
    })

    await confirmStake(intent)
    await done(pair.utility.gateway.progressMint(intent, secret))
    expect(await facts()).toMatchObject({
      facts: { staked: '0', found: { minted: `${1_000n * UNIT}` }, supply: `${100_000n * UNIT}` },
      verdict: { holds: true, backing: `${1_000n * UNIT}`, ratio: '1.000000' },
    })

    await done(pair.value.gateway.progressStake(intent, secret))
    expect(await facts()).toMatchObject({
      facts: { staked: `${1_000n * UNIT}`, inFlight: '0' },
      verdict: { holds: true, ratio: '1.000000' },
    })

    const redeemed = { ...aSecret(), beneficiary: Wallet.createRandom().address }
    // 7 base units are worth less than one of the vault: they stay there.
    const amount = 25_000n * UNIT + 7n
    const redeem = pair.intent({
      amount,
      hashLock: redeemed.hashLock,
      beneficiary: redeemed.beneficiary,
      fee: 1_000n,
    })
    await done(pair.utility.gateway.redeem(redeem))
    const { height } = await pair.anchorFrom('utility')
    const message = await pair.utility.gateway.redeemHash(redeem)
    const proof = await pair.statusProof('utility', 'outbox', message, height)
    await done(pair.value.gateway.confirmRedeem(redeem, height, proof))
    await done(pair.value.gateway.progressUnstake(redeem, redeemed.secret))
    expect(await facts()).toMatchObject({
      facts: { staked: `${750n * UNIT}`, supply: `${100_000n * UNIT}`, redeemedSupply: `${amount}` },
      verdict: { holds: true, needed: `${750n * UNIT}`, ratio: '1.000000' },
    })
    await done(pair.utility.gateway.progressRedeem(redeem, redeemed.secret))
    expect(await facts()).toMatchObject({
      facts: { supply: `${100_000n * UNIT - amount}`, redeemedSupply: '0' },
      verdict: { holds: true },
    })
  }, 60_000)

  it('is shown with addresses, heights and hashes of both chains', async () => {
    const { exitCode, out } = await verify('--token', token, '--depth', '3')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/value chain +31001, block \d+ 0x[0-9a-f]{64}\n/)
    expect(out).toMatch(/utility chain +31002, block \d+ 0x[0-9a-f]{64}\n/)
    for (const contract of [pair.value.gateway, pair.value.token, pair.utility.gateway, pair.economy.token])
      expect(out.toLowerCase()).toContain((await contract.getAddress()).toLowerCase())
    expect(out).toMatch(/rate +100 branded tokens/)
    expect(out).toMatch(/verdict +the backing holds/)
  })

  it('is found through the API where no address is given', async () => {
    const api = await anApi({ address: token })
    const { port } = api.address() as AddressInfo
    try {
      const given = ['--api-url', `http://127.0.0.1:${port}`, '--api-key', 'key', '--depth', '0']
      expect(await verify(...given)).toMatchObject({ exitCode: 0, err: '' })
    } finally {
      api.close()
    }
  })
})

describe('what is not verified', () => {
  it.each([
    ['--value-rpc', 'chain 31002'],
    ['--token', 'is not the contract it should be'],
  ])('a wrong %s is said, with 1', async (flag, words) => {
    const wrong = flag === '--token' ? pair.key.address : pair.utility.anvil.rpcUrl
    const { exitCode, out, err } = await verify('--token', token, '--depth', '0', flag, wrong)
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
    expect(err).toContain(words)
  })

  it('a node that does not answer ends with 3, and a wrong option with 2', async () => {
    expect(await verify('--token', token, '--value-rpc', 'http://127.0.0.1:1')).toMatchObject({ exitCode: 3 })
    expect(await verify('--token', 'ACME')).toMatchObject({ exitCode: 2 })
    expect(await verify('--token', token, '--depth', '-1')).toMatchObject({ exitCode: 2 })
    expect(await verify('--token', token, '--value-rpc', 'ws://127.0.0.1:1')).toMatchObject({ exitCode: 2 })
  })
})

/** Last: what is broken here stays so. */
describe('a backing that does not hold', () => {
  it('is found when one base unit too many was minted', async () => {
    const minter = await pair.utility.gateway.getAddress()
    await pair.utility.anvil.rpc('anvil_impersonateAccount', [minter])
    await pair.utility.anvil.rpc('anvil_setBalance', [minter, '0xde0b6b3a7640000'])
    const { data } = await pair.economy.token.mint.populateTransaction(pair.key.address, UNIT)
    await pair.utility.anvil.rpc('eth_sendTransaction', [{ from: minter, to: token, data }])
    await expect
      .poll(async () => (await verify('--token', token, '--depth', '0')).exitCode, { timeout: 10_000 })
      .toBe(1)
    const { out, err } = await verify('--token', token, '--depth', '0')
    expect(out).toContain('THE BACKING DOES NOT HOLD')
    expect(out).toMatch(/ratio +0\.9999\d\d/)
    expect(err).toContain('stands behind a supply that needs')
  })

  it('is found when the vault owns less than it counts', async () => {
    const vault = await pair.value.gateway.getAddress()
    await pair.value.anvil.rpc('anvil_impersonateAccount', [vault])
    await pair.value.anvil.rpc('anvil_setBalance', [vault, '0xde0b6b3a7640000'])
    const { to, data } = await pair.value.token.transfer.populateTransaction(pair.key.address, 1n)
    await pair.value.anvil.rpc('eth_sendTransaction', [{ from: vault, to, data }])
    await expect
      .poll(async () => (await verify('--token', token, '--depth', '0')).err, { timeout: 10_000 })
      .toContain('value is gone from the vault')
  })
})

/** As far as the command asks it. */
async function anApi(answer: object): Promise<Server> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/v3/token' ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
