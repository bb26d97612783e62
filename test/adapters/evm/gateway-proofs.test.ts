import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { TypedDataEncoder, Wallet, ZeroHash } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGatewayLogReader } from '#adapters/evm/gateway-logs.ts'
import type { RpcCall } from '#adapters/evm/rpc-client.ts'
import { RpcRefused } from '#adapters/evm/rpc-errors.ts'
import { type Book, type GatewayLog, planPostings } from '#core/gateway/backing-accounts.ts'
import {
  accountSlot,
  aSecret,
  done,
  exitDigest,
  type GatewayPair,
  HALT_AFTER,
  type Intent,
  mappingSlot,
  prove,
  refusal,
  startGatewayPair,
  tokenProofAt,
  UNIT,
} from '#test/support/gateway-pair.ts'

/** Gas of the original contracts for the same steps, measured with their published bytecode. */
const ORIGINAL_GAS = {
  stake: 275_244n,
  prove: 316_644n,
  confirm: 427_356n,
  mint: 115_948n,
  progress: 91_907n,
}

/** What a stake and mint may cost of the original's; docs/gas.md says what it does cost. */
const GAS_PERCENT_MAX = 50n
/** A receipt may differ from what docs/gas.md says by this part: zero bytes of calldata change from run to run. */
const DOCUMENTED_WITHIN = 0.02
/** A proof has a node more or less from run to run, of up to 25,000 gas. */
const PROVEN_WITHIN = 0.6
/** Positions of the steps with proofs, on both ways. */
const PROVEN_STEPS = [1, 2]

/** OpenZeppelin's `TrieProof.ProofError`. */
const INVALID_ROOT = 2n
const INVALID_LARGE_NODE = 3n
const INVALID_EXTRA_ELEMENT = 8n
const INVALID_PROOF = 13n

/** `MessageStatus` of the bus. */
const DECLARED = 1n
const PROGRESSED = 2n
const REVOKED = 4n

let pair: GatewayPair

beforeAll(async () => {
  pair = await startGatewayPair()
}, 120_000)

afterAll(async () => pair?.stop())

async function declareStake(amount: bigint) {
  const { secret, hashLock } = aSecret()
  const intent = pair.intent({ amount, hashLock })
  const message = await pair.value.gateway.stakeHash(intent)
  const receipt = await done(pair.value.gateway.stake(intent))
  return { intent, message, secret, receipt }
}

async function confirmStake(intent: Intent, message: string) {
  const anchored = await pair.anchorFrom('value')
  const proof = await pair.statusProof('value', 'outbox', message, anchored.height)
  const receipt = await done(pair.utility.gateway.confirmStake(intent, anchored.height, proof))
  return { ...anchored, proof, receipt, proven: anchored.receipt }
}

async function declareRedeem(amount: bigint, beneficiary: string) {
  const { secret, hashLock } = aSecret()
  const intent = pair.intent({ amount, hashLock, beneficiary, fee: 1_000n })
  const message = await pair.utility.gateway.redeemHash(intent)
  const receipt = await done(pair.utility.gateway.redeem(intent))
  return { intent, message, secret, receipt }
}

async function confirmRedeem(intent: Intent, message: string) {
  const anchored = await pair.anchorFrom('utility')
  const proof = await pair.statusProof('utility', 'outbox', message, anchored.height)
  const receipt = await done(pair.value.gateway.confirmRedeem(intent, anchored.height, proof))
  return { proven: anchored.receipt, receipt }
}

/** The steps' receipts against the table under this heading of docs/gas.md, in its order; its last row is their sum. */
async function expectDocumented(heading: string, measured: readonly bigint[]) {
  const page = await readFile(new URL('../../../docs/gas.md', import.meta.url), 'utf8')
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = [...section.matchAll(/^\| [^|]+\| +\**([\d,]+)\**[^|]*\|/gm)]
  const documented = rows.map(([, figure = '']) => Number(figure.replaceAll(',', '')))
  const message = `docs/gas.md, "${heading}": write ${measured.join(', ')} and their sum`
  expect(documented.length, message).toBe(measured.length + 1)
  expect(documented.at(-1), message).toBe(documented.slice(0, -1).reduce((sum, step) => sum + step, 0))
  for (const [step, gas] of measured.entries()) {
    const within = PROVEN_STEPS.includes(step) ? PROVEN_WITHIN : DOCUMENTED_WITHIN
    expect(Math.abs(Number(gas) / (documented[step] ?? 0) - 1), message).toBeLessThan(within)
  }
}

async function vault() {
  const [staked, inFlight] = await pair.value.gateway.vault(pair.economy.id)
  return [staked, inFlight]
}

describe('a stake and its redemption, over two chains', () => {
  it('mints at the rate, pays back at the rate, and every unit is accounted for; for less gas than the original', async () => {
    const staked = await declareStake(1_000n * UNIT)
    expect(await vault()).toEqual([0n, 1_000n * UNIT])
    const confirmed = await confirmStake(staked.intent, staked.message)
    const minted = await done(pair.utility.gateway.progressMint(staked.intent, staked.secret))
    const progressed = await done(pair.value.gateway.progressStake(staked.intent, staked.secret))
    expect(await pair.economy.token.totalSupply()).toBe(100_000n * UNIT)
    expect(await vault()).toEqual([1_000n * UNIT, 0n])

    const gas = {
      stake: staked.receipt.gasUsed,
      prove: confirmed.proven.gasUsed,
      confirm: confirmed.receipt.gasUsed,
      mint: minted.gasUsed,
      progress: progressed.gasUsed,
    }
    const total = (of: typeof ORIGINAL_GAS) => Object.values(of).reduce((sum, step) => sum + step)
    expect(
      total(gas) * 100n,
      JSON.stringify(gas, (_, value) => String(value)),
    ).toBeLessThanOrEqual(total(ORIGINAL_GAS) * GAS_PERCENT_MAX)

    const beneficiary = Wallet.createRandom().address
    const redeemed = await declareRedeem(25_000n * UNIT, beneficiary)
    const there = await confirmRedeem(redeemed.intent, redeemed.message)
    const unstaked = await done(pair.value.gateway.progressUnstake(redeemed.intent, redeemed.secret))
    const burned = await done(pair.utility.gateway.progressRedeem(redeemed.intent, redeemed.secret))
    await expectDocumented('Stake and mint', Object.values(gas))
    await expectDocumented(
      'Redeem and unstake',
      [redeemed.receipt, there.proven, there.receipt, unstaked, burned].map((receipt) => receipt.gasUsed),
    )
    expect(await pair.value.token.balanceOf(beneficiary)).toBe(250n * UNIT - 1_000n)
    expect(await pair.economy.token.totalSupply()).toBe(75_000n * UNIT)
    expect(await vault()).toEqual([750n * UNIT, 0n])
    expect(await pair.value.token.balanceOf(await pair.value.gateway.getAddress())).toBe(750n * UNIT)
  })

  it('is known to wallets: the digest of the message is that of EIP-712', async () => {
    const intent = pair.intent({ amount: UNIT, hashLock: aSecret().hashLock })
    const fields = ['bytes32 economyId', 'address sender', 'address beneficiary', 'uint256 amount']
    fields.push('uint256 bounty', 'uint256 fee', 'uint256 nonce', 'bytes32 hashLock', 'uint256 deadline')
    fields.push('uint256 targetChainId', 'address targetGateway')
    const types = fields.map((field) => {
      const [type = '', name = ''] = field.split(' ')
      return { type, name }
    })
    const ends = {
      StakeIntent: [pair.value, pair.utility],
      RedeemIntent: [pair.utility, pair.value],
    } as const
    for (const [name, [source, target]] of Object.entries(ends)) {
      const digest = TypedDataEncoder.hash(
        {
          name: 'OST KIT Gateway',
          version: '1',
          chainId: source.anvil.chainId,
          verifyingContract: await source.gateway.getAddress(),
        },
        { [name]: types },
        {
          ...intent,
          targetChainId: target.anvil.chainId,
          targetGateway: await target.gateway.getAddress(),
        },
      )
      const hashAt = (end: typeof source) =>
        name === 'StakeIntent' ? end.gateway.stakeHash(intent) : end.gateway.redeemHash(intent)
      expect(await hashAt(source)).toBe(digest)
      expect(await hashAt(target)).toBe(digest)
    }
  })

  it('finishes by proofs alone when nobody tells the secret', async () => {
    const { intent, message } = await declareStake(10n * UNIT)
    const { height, proof } = await confirmStake(intent, message)
    await done(pair.utility.gateway.progressMintWithProof(intent, height, proof))
    const anchored = await pair.anchorFrom('utility')
    const back = await pair.statusProof('utility', 'inbox', message, anchored.height)
    await done(pair.value.gateway.progressStakeWithProof(intent, anchored.height, back))
    expect(await pair.value.gateway.outboxStatus(message)).toBe(PROGRESSED)

    const redeemed = await declareRedeem(500n * UNIT, Wallet.createRandom().address)
    await confirmRedeem(redeemed.intent, redeemed.message)
    const there = await pair.anchorFrom('utility')
    const declared = await pair.statusProof('utility', 'outbox', redeemed.message, there.height)
    await done(pair.value.gateway.progressUnstakeWithProof(redeemed.intent, there.height, declared))
    const here = await pair.anchorFrom('value')
    const paid = await pair.statusProof('value', 'inbox', redeemed.message, here.height)
    await done(pair.utility.gateway.progressRedeemWithProof(redeemed.intent, here.height, paid))
    expect(await pair.value.token.balanceOf(redeemed.intent.beneficiary)).toBe(5n * UNIT - 1_000n)
  }, 60_000)
})

describe('what a stake may not do', () => {
  it('finish with a wrong secret', async () => {
    const { intent, message } = await declareStake(10n * UNIT)
    await confirmStake(intent, message)
    const wrong = aSecret().secret
    expect((await refusal(pair.utility.gateway.progressMint.staticCall(intent, wrong))).name).toBe(
      'WrongSecret',
    )
    expect((await refusal(pair.value.gateway.progressStake.staticCall(intent, wrong))).name).toBe(
      'WrongSecret',
    )
  })

  it('be declared, confirmed, minted or finished twice', async () => {
    const { intent, message, secret } = await declareStake(10n * UNIT)
    expect((await refusal(pair.value.gateway.stake.staticCall(intent))).name).toBe('InvalidAccountNonce')
    const { height, proof } = await confirmStake(intent, message)
    const again = await refusal(pair.utility.gateway.confirmStake.staticCall(intent, height, proof))
    expect(again).toEqual({ name: 'UnexpectedStatus', args: [message, DECLARED] })
    await done(pair.utility.gateway.progressMint(intent, secret))
    await done(pair.value.gateway.progressStake(intent, secret))
    const twice = { name: 'UnexpectedStatus', args: [message, PROGRESSED] }
    expect(await refusal(pair.utility.gateway.progressMint.staticCall(intent, secret))).toEqual(twice)
    expect(await refusal(pair.value.gateway.progressStake.staticCall(intent, secret))).toEqual(twice)
  })

  it('be minted once it is taken back, which works also before it is confirmed', async () => {
    const { intent, message, secret } = await declareStake(10n * UNIT)
    const before = await pair.value.token.balanceOf(pair.key.address)
    await done(pair.value.gateway.revokeStake(intent))
    const { height, proof } = await confirmStake(intent, message)
    await done(pair.utility.gateway.confirmStakeRevocation(intent, height, proof))
    expect(await refusal(pair.utility.gateway.progressMint.staticCall(intent, secret))).toEqual({
      name: 'UnexpectedStatus',
      args: [message, REVOKED],
    })
    const anchored = await pair.anchorFrom('utility')
    const revoked = await pair.statusProof('utility', 'inbox', message, anchored.height)
    await done(pair.value.gateway.progressStakeRevocation(intent, anchored.height, revoked))
    const penalty = (intent.bounty * 3n) / 2n
    expect(await pair.value.token.balanceOf(pair.key.address)).toBe(
      before - penalty + intent.amount + intent.bounty,
    )
  })

  it('be confirmed by a proof that is wrong in any way', async () => {
    const { intent, message } = await declareStake(10n * UNIT)
    const older = await pair.anchorFrom('value')
    const { height } = await pair.anchorFrom('value')
    const proof = await pair.statusProof('value', 'outbox', message, height)
    const confirm = (nodes: string[], at = height, of = intent) =>
      refusal(pair.utility.gateway.confirmStake.staticCall(of, at, nodes))
    const trieError = (code: bigint) => ({ name: 'TrieProofTraversalError', args: [code] })

    expect(proof.length).toBeGreaterThan(1)
    expect(await confirm(proof.slice(0, -1))).toEqual(trieError(INVALID_PROOF))
    expect(await confirm([...proof, proof[0] ?? ''])).toEqual(trieError(INVALID_EXTRA_ELEMENT))
    expect(await confirm([flipped(proof[0]), ...proof.slice(1)])).toEqual(trieError(INVALID_ROOT))
    expect(await confirm([...proof.slice(0, -1), flipped(proof.at(-1))])).toEqual(
      trieError(INVALID_LARGE_NODE),
    )
    expect(await confirm(older.accountProof)).toEqual(trieError(INVALID_ROOT))
    expect(await confirm(proof, height + 1n)).toEqual({ name: 'HeightNotProven', args: [height + 1n] })
    // Where a foreign path leaves the proof depends on its hash: at a node that is not the next one, or where a branch has none.
    const foreignPath = /^(TrieProofTraversalError|RLPInvalidEncoding)$/
    const other = { ...intent, amount: intent.amount + 1n }
    expect((await confirm(proof, height, other)).name).toMatch(foreignPath)
    const inbox = await pair.statusProof('value', 'inbox', message, height)
    expect((await confirm(inbox)).name).toMatch(foreignPath)
    const token = await pair.value.token.getAddress()
    const { accountProof } = await prove(pair.value.provider, token, height)
    const account = await refusal(pair.utility.gateway.proveGateway.staticCall(height, accountProof))
    expect(account.name).toMatch(foreignPath)
  })
})

/** Last, as it gives the utility chain up for good. */
describe('the exit when the utility chain halts', () => {
  it('pays each balance once, and what was on its way, until the vault is empty', async () => {
    const user = Wallet.createRandom()
    const keptSalt = `0x${randomBytes(12).toString('hex')}`
    const managedSalt = `0x${randomBytes(12).toString('hex')}`
    const { token, rules, id: economyId } = pair.economy
    const tokenAddress = await token.getAddress()
    const [kept, managed] = [
      await pair.utility.holders.holderAddress(tokenAddress, keptSalt),
      await pair.utility.holders.holderAddress(tokenAddress, managedSalt),
    ]
    await done(pair.utility.holders.deploy(tokenAddress, keptSalt, user.address))
    await done(token.transfer(kept, 700n * UNIT))
    await done(token.transfer(managed, 300n * UNIT))
    const redeemed = await declareRedeem(400n * UNIT, Wallet.createRandom().address)
    const unminted = await declareStake(20n * UNIT)
    const { height, accountProof: gatewayProof } = await pair.anchorFrom('utility')

    // The utility chain is not asked any more, but for proofs, which anyone may have kept.
    expect((await refusal(pair.value.gateway.halt.staticCall())).name).toBe('NotHalted')
    await pair.value.anvil.rpc('evm_increaseTime', [HALT_AFTER])
    await pair.value.anvil.rpc('evm_mine')
    await done(pair.value.gateway.halt())
    expect(gatewayProof.length).toBeGreaterThan(0)

    const at = (address: string, slot?: string) => prove(pair.utility.provider, address, height, slot)
    await done(
      pair.value.exit.proveToken(
        economyId,
        await tokenProofAt(pair.utility.provider, tokenAddress, rules, height),
      ),
    )
    const recipient = Wallet.createRandom().address
    const exitAddress = await pair.value.exit.getAddress()
    const sign = (wallet: Pick<Wallet, 'signingKey'>, holder: string) =>
      wallet.signingKey.sign(
        exitDigest(exitAddress, pair.value.anvil.chainId, { economyId, holder, recipient }),
      ).serialized
    const balanceProof = async (holder: string) => (await at(tokenAddress, accountSlot(holder))).storageProof
    const balances = {
      key: await token.balanceOf(pair.key.address),
      kept: await token.balanceOf(kept),
      managed: await token.balanceOf(managed),
    }

    await done(
      pair.value.exit.exitByKey(
        economyId,
        pair.key.address,
        recipient,
        sign(pair.key, pair.key.address),
        await balanceProof(pair.key.address),
      ),
    )
    const ownerSlot = '0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300'
    const holder = await at(kept, ownerSlot)
    await done(
      pair.value.exit.exitByOwner(economyId, keptSalt, recipient, sign(user, kept), {
        account: holder.accountProof,
        owner: holder.storageProof,
        balance: await balanceProof(kept),
      }),
    )
    const adminProof = (await at(rules, adminSlot(pair.key.address))).storageProof
    const managedArgs = [economyId, managedSalt, recipient, sign(pair.key, managed), adminProof] as const
    await done(pair.value.exit.exitByAdmin(...managedArgs, await balanceProof(managed)))
    const again = await refusal(
      pair.value.exit.exitByAdmin.staticCall(...managedArgs, await balanceProof(managed)),
    )
    expect(again.name).toBe('AlreadyLeft')
    const exited = (balances.key + balances.kept + balances.managed) / 100n
    expect(await pair.value.token.balanceOf(recipient)).toBe(exited)

    const outbox = await pair.statusProof('utility', 'outbox', redeemed.message, height)
    await done(pair.value.exit.exitRedeem(redeemed.intent, outbox))
    expect(await pair.value.token.balanceOf(redeemed.intent.beneficiary)).toBe(
      (redeemed.intent.amount + redeemed.intent.bounty) / 100n,
    )
    const before = await pair.value.token.balanceOf(pair.key.address)
    const absence = await pair.statusProof('utility', 'inbox', unminted.message, height)
    await done(pair.value.exit.exitStake(unminted.intent, false, absence))
    expect((await pair.value.token.balanceOf(pair.key.address)) - before).toBe(
      unminted.intent.amount + unminted.intent.bounty,
    )
    const twice = await refusal(pair.value.exit.exitStake.staticCall(unminted.intent, false, absence))
    expect(twice.name).toBe('UnexpectedStatus')
  }, 90_000)
})

describe('the logs of everything above', () => {
  it.each([
    { ranges: 'whole', blocksMax: Number.POSITIVE_INFINITY },
    { ranges: 'by a node that gives few blocks at once', blocksMax: 7 },
  ])('posted, are what the gateways and the token say: read $ranges', async ({ blocksMax }) => {
    const accounts: Record<string, bigint> = {}
    for (const book of ['value', 'utility'] as const) {
      for (const { from, to, amount } of planPostings(await readLogs(book, blocksMax), new Map())) {
        accounts[from] = (accounts[from] ?? 0n) - amount
        accounts[to] = (accounts[to] ?? 0n) + amount
      }
    }
    const [staked, inFlight] = await pair.value.gateway.vault(pair.economy.id)
    expect(accounts).toMatchObject({ vault: staked, in_flight: inFlight, outside: -staked - inFlight })
    const supply = await pair.economy.token.totalSupply()
    expect(accounts).toMatchObject({ issuance: -supply, supply: supply - (accounts['redeeming'] ?? 0n) })
    expect(supply).toBeGreaterThan(0n)
  })

  it('are not read from a node that has another block', async () => {
    expect(await readLogs('value', Number.POSITIVE_INFINITY, ZeroHash).catch(String)).toMatch(/another fork/)
  })
})

/** @param blocksMax Most blocks of a range that the node answers for. */
async function readLogs(book: Book, blocksMax: number, hash?: string): Promise<GatewayLog[]> {
  const { provider, gateway: end } = pair[book]
  const rpc = {
    batch: async (calls: readonly RpcCall[]) =>
      Promise.all(
        calls.map(async ({ method, params }) => {
          const [filter] = params as [{ fromBlock?: string; toBlock?: string }]
          const blocks = Number(filter.toBlock) - Number(filter.fromBlock) + 1
          if (method === 'eth_getLogs' && blocks > blocksMax)
            return new RpcRefused('query exceeds max block range', -32_602, null)
          return provider.send(method, [...params]) as Promise<unknown>
        }),
      ),
  }
  const block = await provider.getBlock('latest')
  if (!block?.hash) throw new Error('no block')
  const logs = await createGatewayLogReader(() => rpc).read(
    { book, chainId: 1, gateway: await end.getAddress(), termsId: pair.economy.id },
    0,
    { number: block.number, hash: hash ?? block.hash },
  )
  if (logs === null) throw new Error('the node has another fork')
  return logs
}

/** Slot of an account's ADMIN_ROLE in the rules contract, in OpenZeppelin's namespace. */
function adminSlot(account: string): string {
  const roles = '0x02dd7bc7dec4dceedda775e58dd541e08a116c6c53815c0bd028192f7b626800'
  const adminRole = '0xa49807205ce4d355092ef5a8a18f56e8913cf4a201fbe287825b095693c21775'
  return mappingSlot(account, mappingSlot(adminRole, roles))
}

/** The node with one bit changed, in its last byte. */
function flipped(node = ZeroHash): string {
  const last = Number.parseInt(node.slice(-2), 16) ^ 1
  return node.slice(0, -2) + last.toString(16).padStart(2, '0')
}
