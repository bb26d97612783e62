// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {EconomyTerms} from "../libraries/EconomyTermsLib.sol";
import {Intent} from "../libraries/IntentLib.sol";
import {IMessageGateway} from "./IMessageGateway.sol";

/// @notice The utility chain's end of a chain pair: mints for stakes, burns for redemptions.
interface ICoGateway is IMessageGateway {
    /// @notice A stake declared on the value chain is known here.
    event StakeConfirmed(bytes32 indexed messageHash, bytes32 indexed economyId, Intent intent);

    /// @notice `amount` base units were minted for a stake, `fee` of them to the facilitator.
    event Minted(
        bytes32 indexed messageHash,
        bytes32 indexed economyId,
        address indexed beneficiary,
        uint256 amount,
        uint256 fee,
        bytes32 secret
    );

    /// @notice A stake will never be minted here; it is taken back on the value chain.
    event StakeRevocationConfirmed(bytes32 indexed messageHash, bytes32 indexed economyId);

    /// @notice Tokens in escrow for a redemption; the intent is all a facilitator needs.
    event RedeemDeclared(
        bytes32 indexed messageHash, bytes32 indexed economyId, address indexed sender, Intent intent
    );

    /// @notice The redeemed tokens are burned. `secret` is zero if it was finished by proof.
    event RedeemProgressed(
        bytes32 indexed messageHash, bytes32 indexed economyId, address indexed facilitator, bytes32 secret
    );

    /// @notice The redeemer wants the tokens back, and paid `penalty`; nothing for what is overdue, of anyone.
    event RedeemRevocationDeclared(
        bytes32 indexed messageHash, bytes32 indexed economyId, address indexed sender, uint256 penalty
    );

    /// @notice The redeemer has the tokens back.
    event RedeemRevoked(bytes32 indexed messageHash, bytes32 indexed economyId, address indexed facilitator);

    /// @notice At most `capacity` base units are minted at once, and as many again in each `window` seconds.
    event MintLimitChanged(bytes32 indexed economyId, uint208 capacity, uint48 window);

    /// @notice Another economy has the token.
    error TokenTaken(address token);

    /// @notice Registers an economy under the hash of its terms, for good. Registrars only.
    /// @param terms As on the value chain. The token's minter must be this gateway.
    /// @param mintCapacity Base units of the token that may be minted at once.
    /// @param mintWindow Seconds in which that capacity refills.
    function registerEconomy(EconomyTerms calldata terms, uint208 mintCapacity, uint48 mintWindow)
        external
        returns (bytes32 economyId);

    /// @notice Changes how much may be minted. Owner only.
    function setMintLimit(bytes32 economyId, uint208 mintCapacity, uint48 mintWindow) external;

    /// @notice Takes note of a stake, by its status on the value chain. Anyone.
    /// @dev Works for whatever the value chain declared, whether or not it can be minted, as only what is known here
    /// can be taken back.
    function confirmStake(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Mints for a stake by its secret; the caller gets the fee.
    function progressMint(Intent calldata intent, bytes32 secret) external;

    /// @notice Mints for a stake by its status on the value chain; the caller gets the fee.
    function progressMintWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Takes note that a stake is taken back, by its status on the value chain. Anyone.
    function confirmStakeRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Takes the sender's amount and bounty, of which it gave an allowance, into escrow. Sender only.
    function redeem(Intent calldata intent) external returns (bytes32 messageHash);

    /// @notice As {redeem}, with the allowance by ERC-2612.
    function redeemWithPermit(Intent calldata intent, Permit calldata permit)
        external
        returns (bytes32 messageHash);

    /// @notice As {redeemWithPermit}, brought by anyone: the sender also signs the message's hash.
    function redeemBySignature(Intent calldata intent, bytes calldata signature, Permit calldata permit)
        external
        returns (bytes32 messageHash);

    /// @notice Burns what is redeemed, by the secret; the caller gets the bounty.
    function progressRedeem(Intent calldata intent, bytes32 secret) external;

    /// @notice Burns what is redeemed, by its status on the value chain; the caller gets the bounty.
    function progressRedeemWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice Begins to take a redemption back, for a penalty of which the sender gave an allowance. Sender only; once
    /// it is overdue anyone, without a penalty.
    function revokeRedeem(Intent calldata intent) external;

    /// @notice Gives the tokens of a revoked redemption back; the caller gets the bounty.
    function progressRedeemRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof) external;

    /// @notice The economy that has `token`, or zero.
    function economyOf(address token) external view returns (bytes32 economyId);

    /// @notice Base units that could be minted now.
    function mintable(bytes32 economyId) external view returns (uint256);

    /// @notice Hash of the message of a stake, as the value chain's gateway knows it.
    function stakeHash(Intent calldata intent) external view returns (bytes32);

    /// @notice Hash of the message of a redemption: its EIP-712 digest.
    function redeemHash(Intent calldata intent) external view returns (bytes32);
}
