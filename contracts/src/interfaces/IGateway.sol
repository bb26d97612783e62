// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {EconomyTerms} from "../libraries/EconomyTermsLib.sol";
import {Intent} from "../libraries/IntentLib.sol";
import {MessageStatus} from "../libraries/MessageBusLib.sol";
import {IMessageGateway} from "./IMessageGateway.sol";

/// @notice The value chain's end of a chain pair: stakes go in, redemptions come out.
interface IGateway is IMessageGateway {
    /// @notice Value locked for a stake; the intent is all a facilitator needs.
    event StakeDeclared(
        bytes32 indexed messageHash, bytes32 indexed economyId, address indexed sender, Intent intent
    );

    /// @notice The stake backs supply now. `secret` is zero if it was finished by proof.
    event StakeProgressed(
        bytes32 indexed messageHash, bytes32 indexed economyId, address indexed facilitator, bytes32 secret
    );

    /// @notice The staker wants the stake back, and paid `penalty`; nothing for one that is overdue, of anyone.
    event StakeRevocationDeclared(
        bytes32 indexed messageHash, bytes32 indexed economyId, address indexed sender, uint256 penalty
    );

    /// @notice The staker has the stake back.
    event StakeRevoked(bytes32 indexed messageHash, bytes32 indexed economyId, address indexed facilitator);

    /// @notice A redemption declared on the utility chain is known here.
    event RedeemConfirmed(bytes32 indexed messageHash, bytes32 indexed economyId, Intent intent);

    /// @notice `amount` base units left the vault for a redemption, `fee` of them to the facilitator.
    event Unstaked(
        bytes32 indexed messageHash,
        bytes32 indexed economyId,
        address indexed beneficiary,
        uint256 amount,
        uint256 fee,
        bytes32 secret
    );

    /// @notice A redemption will never be paid here; it is taken back on the utility chain.
    event RedeemRevocationConfirmed(bytes32 indexed messageHash, bytes32 indexed economyId);

    /// @notice The economy takes new stakes, or does not.
    event EconomyClosed(bytes32 indexed economyId, bool isClosed);

    /// @notice The utility chain is given up; what counts is its state at `height`.
    event ChainHalted(uint256 indexed height, bytes32 stateRoot);

    /// @notice `amount` base units left the vault by the chain-halt exit.
    event ExitPaid(bytes32 indexed economyId, address indexed recipient, uint256 amount);

    /// @notice The economy takes no new stakes.
    error EconomyIsClosed(bytes32 economyId);

    /// @notice The utility chain is given up: no new stakes, no newer roots.
    error UtilityChainHalted(uint256 height);

    /// @notice The utility chain is not given up, before `possibleAt` at least.
    error NotHalted(uint256 possibleAt);

    /// @notice Less than `amount` backs the economy: a stake has yet to be progressed by proof.
    error VaultTooSmall(bytes32 economyId, uint256 staked, uint256 amount);

    /// @notice Not all of the value arrived: the token takes a fee.
    error ValueMissing(uint256 received, uint256 expected);

    /// @notice The caller is not the chain-halt exit.
    error OnlyExit(address caller);

    /// @notice Registers an economy under the hash of its terms, for good. Registrars only.
    function registerEconomy(EconomyTerms calldata terms) external returns (bytes32 economyId);

    /// @notice Closes an economy to new stakes, or opens it again. Registrars only. Nothing else is affected.
    function setClosed(bytes32 economyId, bool isClosed) external;

    /// @notice Locks the sender's amount and bounty, of which it gave an allowance. Sender only.
    function stake(Intent calldata intent) external returns (bytes32 messageHash);

    /// @notice As {stake}, with the allowance by ERC-2612.
    function stakeWithPermit(Intent calldata intent, Permit calldata permit)
        external
        returns (bytes32 messageHash);

    /// @notice As {stake}, with the sender's one signature by ERC-3009, which anyone may bring.
    /// @dev The authorization's nonce is the message's hash with the low 64 bits cleared, so that the signature is of
    /// this intent; it is a fresh key of tokens with keyed nonces.
    function stakeWithAuthorization(
        Intent calldata intent,
        uint256 validAfter,
        uint256 validBefore,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 messageHash);

    /// @notice Finishes a stake by its secret; the caller gets the bounty.
    function progressStake(Intent calldata intent, bytes32 secret) external;

    /// @notice Finishes a stake by its status on the utility chain; the caller gets the bounty.
    function progressStakeWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Begins to take a stake back, for a penalty of which the sender gave an allowance. Sender only; once it is
    /// overdue anyone, without a penalty.
    function revokeStake(Intent calldata intent) external;

    /// @notice Gives a revoked stake back; the caller gets the bounty.
    function progressStakeRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Takes note of a redemption, by its status on the utility chain. Anyone.
    function confirmRedeem(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Pays a redemption by its secret; the caller gets the fee.
    function progressUnstake(Intent calldata intent, bytes32 secret) external;

    /// @notice Pays a redemption by its status on the utility chain; the caller gets the fee.
    function progressUnstakeWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Takes note that a redemption is taken back, by its status on the utility chain. Anyone.
    function confirmRedeemRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Gives the utility chain up, once no root of it has become known for {HALT_AFTER}. Anyone; for good.
    function halt() external;

    /// @notice Pays out of the vault to a holder. Exit only.
    function payExit(bytes32 economyId, address recipient, uint256 utilityAmount) external;

    /// @notice Pays a redemption that the utility chain declared and this one did not pay. Exit only.
    function payRedeemExit(Intent calldata intent, MessageStatus source) external;

    /// @notice Gives a stake back that was never minted. Exit only.
    function refundStakeExit(Intent calldata intent, MessageStatus target) external;

    /// @notice Base units that back supply, and base units of stakes on their way.
    function vault(bytes32 economyId) external view returns (uint256 staked, uint256 inFlight, bool isClosed);

    /// @notice Hash of the message of a stake: its EIP-712 digest.
    function stakeHash(Intent calldata intent) external view returns (bytes32);

    /// @notice Hash of the message of a redemption, as the utility chain's gateway knows it.
    function redeemHash(Intent calldata intent) external view returns (bytes32);

    /// @notice Height and root that count since the utility chain is given up; zero before.
    function haltedAt() external view returns (uint256 height, bytes32 stateRoot);
}
