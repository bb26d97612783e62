import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbiCoder,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  JsonRpcProvider,
  keccak256,
  NonceManager,
  TypedDataEncoder,
  Wallet,
  ZeroAddress,
  zeroPadValue,
} from 'ethers'
import { anchor } from '#adapters/evm/generated/anchor.ts'
import { chainHaltExit } from '#adapters/evm/generated/chain-halt-exit.ts'
import { coGateway } from '#adapters/evm/generated/co-gateway.ts'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { gateway } from '#adapters/evm/generated/gateway.ts'
import { tokenHolderFactory } from '#adapters/evm/generated/token-holder-factory.ts'
import { utilityBrandedToken } from '#adapters/evm/generated/utility-branded-token.ts'
import { valueToken } from '#adapters/evm/generated/value-token.ts'
import { deployGatewayPair } from '#scripts/deploy-gateways.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { startTestAnvil, type TestAnvil } from './stack.ts'

export const UNIT = 10n ** 18n
/** Seconds. */
export const HALT_AFTER = 14 * 24 * 60 * 60

const VALUE_CHAIN_ID = 31_001
const UTILITY_CHAIN_ID = 31_002
const FAR_AWAY = 4_000_000_000n
/** ERC-7201 slot of the statuses a gateway has as a source; those it has as a target stand at the next. */
const OUTBOX_POSITION = 0x5eb57fad46a4749152fcdff9521eec18af57966a2954657c58db9cf4b531ff00n

/** Where a token keeps the address of its rules: see ChainHaltExit. */
const TOKEN_RULES_SLOT = '0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae02'

export type Intent = {
  economyId: string
  sender: string
  beneficiary: string
  amount: bigint
  bounty: bigint
  fee: bigint
  nonce: bigint
  hashLock: string
  deadline: bigint
}

export type Secret = { secret: string; hashLock: string }

export type GatewayPair = Awaited<ReturnType<typeof startGatewayPair>>

/** Two chains with the platform's contracts, a pair of gateways, and an economy of 1 OST = 100 BT. All from one key. */
export async function startGatewayPair() {
  const anvils = await Promise.all([
    startTestAnvil({ chainId: VALUE_CHAIN_ID, blockTimeSeconds: 0.1 }),
    startTestAnvil({ chainId: UTILITY_CHAIN_ID, blockTimeSeconds: 0.1 }),
  ])
  const [valueAnvil, utilityAnvil] = anvils
  const [valueProvider, utilityProvider] = [providerOf(valueAnvil), providerOf(utilityAnvil)]
  const key = new Wallet(LOCAL_DEPLOYER_KEY)
  const valueSigner = new NonceManager(key.connect(valueProvider))
  const utilitySigner = new NonceManager(key.connect(utilityProvider))
  const organisation = [Wallet.createRandom(), Wallet.createRandom(), Wallet.createRandom()]

  const holders = tokenHolderFactory.at(
    await create(utilitySigner, tokenHolderFactory.encodeDeploy()),
    utilitySigner,
  )
  const holdersAddress = await holders.getAddress()
  const factoryAddress = await create(utilitySigner, economyFactory.encodeDeploy(key.address, holdersAddress))
  const factory = economyFactory.at(factoryAddress, utilitySigner)
  const contracts = await deployGatewayPair(valueSigner, utilitySigner, factoryAddress, {
    signers: organisation.map(({ address }) => address),
    threshold: 2,
    guardian: ZeroAddress,
    anchorDelay: 0,
    haltAfter: HALT_AFTER,
    feeders: organisation.map(({ address }) => address),
    feedersThreshold: 2,
  })
  const onValue = {
    anvil: valueAnvil,
    provider: valueProvider,
    roots: anchor.at(contracts.value.anchor, valueSigner),
    gateway: gateway.at(contracts.value.gateway, valueSigner),
    exit: chainHaltExit.at(contracts.value.chain_halt_exit, valueSigner),
    token: valueToken.at(contracts.value.value_token, valueSigner),
  }
  const onUtility = {
    anvil: utilityAnvil,
    provider: utilityProvider,
    roots: anchor.at(contracts.utility.anchor, utilitySigner),
    gateway: coGateway.at(contracts.utility.co_gateway, utilitySigner),
    factory,
    holders,
  }
  await done(factory.grantRole(await factory.DEPLOYER_ROLE(), key.address))
  await done(onValue.token.grantRole(await onValue.token.FAUCET_ROLE(), key.address))
  await done(onValue.gateway.grantRole(await onValue.gateway.REGISTRAR_ROLE(), key.address))
  await done(onUtility.gateway.grantRole(await onUtility.gateway.REGISTRAR_ROLE(), key.address))
  const economy = await createEconomy()
  await done(onValue.token.grant(key.address, 100_000n * UNIT))
  await done(onValue.token.approve(contracts.value.gateway, 2n ** 256n - 1n))
  await done(economy.token.approve(contracts.utility.co_gateway, 2n ** 256n - 1n))

  async function createEconomy() {
    const id = `0x${randomBytes(32).toString('hex')}`
    const [token, rules] = await factory.predict(id)
    await done(
      factory.createEconomy({
        economyId: id,
        name: 'Branded Token',
        symbol: 'BT',
        decimals: 18n,
        owner: key.address,
        admin: key.address,
        operators: [key.address],
        minter: contracts.utility.co_gateway,
      }),
    )
    const terms = {
      valueToken: contracts.value.value_token,
      valueDecimals: 18n,
      utilityDecimals: 18n,
      rateDecimals: 0n,
      utilityToken: token,
      rate: 100n,
      holderFactory: holdersAddress,
      holderInitCodeHash: await holders.INIT_CODE_HASH(),
    }
    await done(onUtility.gateway.registerEconomy(terms, 10n ** 30n, 86_400n))
    await done(onValue.gateway.registerEconomy(terms))
    const economyId = await onUtility.gateway.economyOf(token)
    return { id: economyId, token: utilityBrandedToken.at(token, utilitySigner), rules }
  }

  let lastNonceKey = 0n

  return {
    value: onValue,
    utility: onUtility,
    economy,
    key,

    intent(of: Partial<Intent> & { amount: bigint; hashLock: string }): Intent {
      lastNonceKey += 1n
      return {
        economyId: economy.id,
        sender: key.address,
        beneficiary: key.address,
        bounty: UNIT / 10n,
        fee: UNIT / 100n,
        nonce: lastNonceKey << 64n,
        deadline: FAR_AWAY,
        ...of,
      }
    },

    /** The value chain learns the utility chain's newest root, or the other way round, and proves the gateway there. */
    async anchorFrom(remote: 'value' | 'utility') {
      const [from, to] = remote === 'value' ? [onValue, onUtility] : [onUtility, onValue]
      const block = await from.provider.getBlock('latest')
      if (!block?.stateRoot) throw new Error('no state root')
      const height = BigInt(block.number)
      const digest = await to.roots.anchorDigest(height, block.stateRoot)
      await done(to.roots.anchor(height, block.stateRoot, multiSignature(organisation.slice(0, 2), digest)))
      const { accountProof } = await prove(from.provider, await from.gateway.getAddress(), height)
      const receipt = await done(to.gateway.proveGateway(height, accountProof))
      return { height, receipt, accountProof }
    },

    /** Nodes to a message's status at the other end, as of a height that is anchored here. */
    async statusProof(at: 'value' | 'utility', box: 'outbox' | 'inbox', message: string, height: bigint) {
      const end = at === 'value' ? onValue : onUtility
      const { storageProof } = await prove(
        end.provider,
        await end.gateway.getAddress(),
        height,
        statusSlot(message, box),
      )
      return storageProof
    },

    async stop() {
      valueProvider.destroy()
      utilityProvider.destroy()
      await Promise.all(anvils.map((anvil) => anvil.stop()))
    },
  }
}

export function aSecret(): Secret {
  const secret = `0x${randomBytes(32).toString('hex')}`
  return { secret, hashLock: keccak256(secret) }
}

/** Times that a node is asked again, a tenth of a second apart. */
const PROOF_REPEATS = 50

/**
 * `eth_getProof`: nodes to the account, and to one slot of it. Asked again where they do not hang below the block's own root: a busy
 * development node may answer from the state that it is just making.
 */
export async function prove(provider: JsonRpcProvider, address: string, height: bigint, slot?: string) {
  const at = `0x${height.toString(16)}`
  for (let repeats = 0; repeats <= PROOF_REPEATS; repeats += 1) {
    // As the Ethereum JSON-RPC specifies them.
    const [answer, block] = (await Promise.all([
      provider.send('eth_getProof', [address, slot === undefined ? [] : [slot], at]),
      provider.send('eth_getBlockByNumber', [at, false]),
    ])) as [{ accountProof: string[]; storageProof: { proof: string[] }[] }, { stateRoot: string }]
    const { accountProof, storageProof } = answer
    if (keccak256(accountProof[0] ?? '0x') === block.stateRoot)
      return { accountProof, storageProof: storageProof[0]?.proof ?? [] }
    await sleep(100)
  }
  throw new Error(`the node proves nothing of ${address} below the root of block ${height}`)
}

/** Sends and waits. @returns the receipt of a transaction that succeeded. */
export async function done(
  sending: Promise<ContractTransactionResponse>,
): Promise<ContractTransactionReceipt> {
  const receipt = await (await sending).wait(1, 30_000)
  if (receipt === null) throw new Error('no receipt')
  return receipt
}

/** A simulated call that reverts. @returns name and arguments of the error. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; args: unknown[] }> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as { data?: string; revert?: { name: string; args: unknown[] } | null },
  )
  if (error === undefined) throw new Error('The call was not refused.')
  // The exit passes on what the gateway says, which is not in its own ABI.
  const revert = error.revert ?? gateway.interface.parseError(error.data ?? '0x')
  if (!revert) throw error
  return { name: revert.name, args: [...revert.args] }
}

/** The word that Solidity keeps for `mapping(key => …)` at `position`. */
export function mappingSlot(key: string, position: string | bigint): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(['bytes32', 'uint256'], [zeroPadValue(key, 32), position]),
  )
}

/** What an account signs to leave a chain pair whose utility chain is given up. */
export function exitDigest(
  verifyingContract: string,
  chainId: number,
  claim: { economyId: string; holder: string; recipient: string },
): string {
  return TypedDataEncoder.hash(
    { name: 'OST KIT Exit', version: '1', chainId, verifyingContract },
    {
      ChainHaltExit: [
        { name: 'economyId', type: 'bytes32' },
        { name: 'holder', type: 'address' },
        { name: 'recipient', type: 'address' },
      ],
    },
    claim,
  )
}

/** Where a gateway keeps a message's status. */
export function statusSlot(message: string, box: 'outbox' | 'inbox'): string {
  return mappingSlot(message, box === 'outbox' ? OUTBOX_POSITION : OUTBOX_POSITION + 1n)
}

/** Nodes by which a token, and the rules it names, are proven at a height. */
export async function tokenProofAt(provider: JsonRpcProvider, token: string, rules: string, height: bigint) {
  const [ofToken, ofRules] = await Promise.all([
    prove(provider, token, height, TOKEN_RULES_SLOT),
    prove(provider, rules, height),
  ])
  return {
    account: ofToken.accountProof,
    rulesSlot: ofToken.storageProof,
    rulesAccount: ofRules.accountProof,
  }
}

/** Slot of a holder's word in the token: see AccountLib. */
export function accountSlot(holder: string): string {
  return `0x02c85791e4d26e41721a99f6${holder.slice(2).toLowerCase()}`
}

/** Signers in rising order of their hashes, as ERC-7913 multi-signatures have them. */
function multiSignature(
  signers: readonly { address: string; signingKey: Wallet['signingKey'] }[],
  digest: string,
) {
  const sorted = [...signers].sort((left, right) =>
    BigInt(keccak256(left.address)) < BigInt(keccak256(right.address)) ? -1 : 1,
  )
  return AbiCoder.defaultAbiCoder().encode(
    ['bytes[]', 'bytes[]'],
    [
      sorted.map(({ address }) => address),
      sorted.map(({ signingKey }) => signingKey.sign(digest).serialized),
    ],
  )
}

async function create(deployer: NonceManager, data: string): Promise<string> {
  const receipt = await (await deployer.sendTransaction({ data })).wait(1, 30_000)
  if (!receipt?.contractAddress) throw new Error('no contract')
  return receipt.contractAddress
}

function providerOf({ rpcUrl, chainId }: TestAnvil): JsonRpcProvider {
  return new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 })
}
