import { Interface } from 'ethers'

/** Everything our contracts, and OpenZeppelin's under them, refuse with. Reasons of skipped payments are no reverts. */
const ERRORS = new Interface([
  'error AccessControlBadConfirmation()',
  'error AccessControlEnforcedDefaultAdminRules()',
  'error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error ERC20InvalidReceiver(address receiver)',
  'error ERC20InvalidSender(address sender)',
  'error EconomyExists(bytes32 economyId)',
  'error EnforcedPause()',
  'error ExpectedPause()',
  'error FailedDeployment()',
  'error GrantCapExceeded(address token, uint256 amount, uint256 maxPerGrant)',
  'error HolderExists(address holder)',
  'error InsufficientBalance()',
  'error InvalidInitialization()',
  'error InvalidRecipient()',
  'error ItemCapExceeded()',
  'error MalformedBatch(uint256 offset)',
  'error MaxSupplyExceeded(uint256 supply, uint256 maxSupply)',
  'error MinterNotAllowed(address minter)',
  'error NotInitializing()',
  'error OnlyAdminOrOwner(address caller)',
  'error OnlyHolderFactory(address caller)',
  'error OnlyMinter(address caller)',
  'error OnlyOperator(address caller)',
  'error OnlyTokenRules(address caller)',
  'error OwnableUnauthorizedAccount(address account)',
  'error OwnershipCannotBeRenounced()',
  'error SelfCustodied()',
  'error TooManyDecimals(uint8 decimals)',
  'error TotalCapExceeded(address token, uint256 amount, uint256 left)',
  'error UnknownToken(address token)',
  'error WindowCapExceeded()',
  'error ZeroAmount()',
  'error ZeroWindow()',
])

/** Those that a business may meet, in words. */
const WORDS: Readonly<Record<string, string>> = {
  EnforcedPause: 'the token rules of the economy are paused',
  AccessControlUnauthorizedAccount: 'the relayer has no right to this call',
  MalformedBatch: 'the batch is malformed',
  GrantCapExceeded: 'the grant is above what one grant of the sandbox faucet may be',
  TotalCapExceeded: 'the grant is above what is left of the sandbox faucet for this token',
  EconomyExists: 'the economy was created before',
}

/** A revert's bytes in words, with the error and its arguments; null when they name no error we know. */
export function decodeRevertReason(data: string | null): string | null {
  if (data === null || data.length < 10) return null
  try {
    const error = ERRORS.parseError(data)
    if (!error) return null
    if (error.name === 'Error') return String(error.args[0])
    const call = `${error.name}(${error.args.map(String).join(', ')})`
    const words = WORDS[error.name]
    return words === undefined ? call : `${words}: ${call}`
  } catch {
    return null
  }
}
