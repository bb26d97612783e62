import { randomBytes } from 'node:crypto'
import { NonceManager, type Provider, Wallet, ZeroAddress } from 'ethers'
import { coGateway } from '#adapters/evm/generated/co-gateway.ts'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { tokenHolderFactory } from '#adapters/evm/generated/token-holder-factory.ts'
import type { ChainContracts } from '#core/chain/contracts.ts'
import { deployGateways, type GatewayContracts } from '#scripts/deploy-gateways.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { done } from './gateway-pair.ts'
import type { TestAnvil } from './stack.ts'

/** Gateways, oracle and pricer on a pair whose utility chain has the platform's contracts; two of the feeders decide. */
export async function deployPair(
  chains: { value: TestAnvil; utility: TestAnvil },
  databaseUrl: string,
  feeders: readonly string[],
): Promise<GatewayContracts> {
  return deployGateways({
    ...chains,
    deployerKey: LOCAL_DEPLOYER_KEY,
    databaseUrl,
    signers: [new Wallet(LOCAL_DEPLOYER_KEY).address],
    threshold: 1,
    guardian: ZeroAddress,
    anchorDelay: 0,
    haltAfter: 1_000_000,
    feeders: [...feeders],
    feedersThreshold: 2,
  })
}

/** A branded token that the co-gateway mints, registered there. */
export async function createBackedToken(
  provider: Provider,
  platform: ChainContracts,
  gateways: GatewayContracts,
  of: { rate: bigint; rateDecimals: bigint },
): Promise<{ token: string; gatewayId: string }> {
  const owner = new NonceManager(new Wallet(LOCAL_DEPLOYER_KEY, provider))
  const address = await owner.getAddress()
  const factory = economyFactory.at(platform.economyFactory, owner)
  const holders = tokenHolderFactory.at(platform.tokenHolderFactory, owner)
  const gateway = coGateway.at(gateways.utility.co_gateway, owner)
  await done(factory.grantRole(await factory.DEPLOYER_ROLE(), address))
  await done(gateway.grantRole(await gateway.REGISTRAR_ROLE(), address))
  const economyId = `0x${randomBytes(32).toString('hex')}`
  const [token] = await factory.predict(economyId)
  const roles = { owner: address, admin: address, operators: [address], minter: gateways.utility.co_gateway }
  await done(factory.createEconomy({ economyId, name: 'Backed', symbol: 'BCK', decimals: 18n, ...roles }))
  const terms = {
    valueToken: gateways.value.value_token,
    valueDecimals: 18n,
    utilityDecimals: 18n,
    utilityToken: token,
    holderFactory: platform.tokenHolderFactory,
    holderInitCodeHash: await holders.INIT_CODE_HASH(),
    ...of,
  }
  await done(gateway.registerEconomy(terms, 10n ** 30n, 86_400n))
  return { token, gatewayId: await gateway.economyOf(token) }
}
