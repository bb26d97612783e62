import type { ChainContracts } from '#core/chain/contracts.ts'
import type { AddressBook } from '#core/economy/address-book.ts'
import { bytesToHex, hexToBytes, keccak256, uuidToBytes32 } from './bytes.ts'

const CREATE2_PREFIX = Buffer.from([0xff])
/** EIP-1167 clone as OpenZeppelin's `Clones` writes it, around the implementation's address. */
const CLONE_HEAD = Buffer.from('3d602d80600a3d3981f3363d3d373d3d3d363d73', 'hex')
const CLONE_TAIL = Buffer.from('5af43d82803e903d91602b57fd5bf3', 'hex')
const ADDRESS_BYTES = 20
const SALT_BYTES = 12

/**
 * Addresses of token, rules and wallets, computed as the factories do (EIP-1014).
 * @param contractsOf The platform's contracts per chain id; throws where there are none.
 */
export function createAddressBook(contractsOf: (chainId: number) => ChainContracts): AddressBook {
  return {
    predictToken(chainId, economyId) {
      const { economyFactory, utilityBrandedToken, tokenRules } = contractsOf(chainId)
      const salt = uuidToBytes32(economyId)
      return {
        token: cloneAddress(economyFactory, utilityBrandedToken, salt),
        tokenRules: cloneAddress(economyFactory, tokenRules, salt),
      }
    },

    holderAddress(chainId, token, salt) {
      const { tokenHolderFactory, holderInitCodeHash } = contractsOf(chainId)
      if (salt.length !== SALT_BYTES) throw new TypeError(`a wallet's salt has ${SALT_BYTES} bytes`)
      const fullSalt = Buffer.concat([hexToBytes(token), salt])
      return create2Address(tokenHolderFactory, fullSalt, hexToBytes(holderInitCodeHash))
    },
  }
}

/** Address of a clone of `implementation` that `deployer` makes with `salt`. */
function cloneAddress(deployer: string, implementation: string, salt: Buffer): string {
  const initCode = Buffer.concat([CLONE_HEAD, hexToBytes(implementation), CLONE_TAIL])
  return create2Address(deployer, salt, keccak256(initCode))
}

function create2Address(deployer: string, salt: Buffer, initCodeHash: Buffer): string {
  const digest = keccak256(Buffer.concat([CREATE2_PREFIX, hexToBytes(deployer), salt, initCodeHash]))
  return bytesToHex(digest.subarray(-ADDRESS_BYTES))
}
