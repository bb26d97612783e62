// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {EconomyTerms} from "../libraries/EconomyTermsLib.sol";
import {MessageStatus} from "../libraries/MessageBusLib.sol";

/// @notice What both gateways of a chain pair have in common.
interface IMessageGateway {
    /// @notice A signature by ERC-2612 over an allowance of amount and bounty.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice Messages may name the economy from now on.
    event EconomyRegistered(
        bytes32 indexed economyId,
        address indexed utilityToken,
        address indexed valueToken,
        EconomyTerms terms
    );

    /// @notice The remote gateway's storage at `height` can be proven against from now on.
    event GatewayProven(uint256 indexed height, bytes32 storageRoot);

    /// @notice No economy has these terms here.
    error UnknownEconomy(bytes32 economyId);

    /// @notice The economy was registered before.
    error EconomyExists(bytes32 economyId);

    /// @notice The terms say otherwise than the token.
    error TermsContradictToken(address token);

    /// @notice The caller is not the sender of the message, nor is it overdue.
    error OnlySender(address caller);

    /// @notice The message was to be declared before.
    error IntentExpired(uint256 deadline);

    /// @notice The moved amount is nothing on the other side, or does not cover the fee there.
    error AmountTooSmall(uint256 amount, uint256 received, uint256 fee);

    /// @notice No beneficiary.
    error ZeroBeneficiary();

    /// @notice Not a signature of the sender over the message.
    error InvalidSignature();

    /// @notice The remote gateway was not proven at this height.
    error HeightNotProven(uint256 height);

    /// @notice The proven word is no status of a message.
    error NotAStatus(uint256 word);

    /// @notice Proves the remote gateway's account at `height`, for the proofs of messages to build on. Anyone.
    /// @param height A final height of the state-root provider.
    /// @param accountProof Nodes from the state root to the account, as `eth_getProof` gives them.
    function proveGateway(uint256 height, bytes[] calldata accountProof)
        external
        returns (bytes32 storageRoot);

    /// @notice Storage root of the remote gateway proven at `height`, or zero.
    function provenStorageRoot(uint256 height) external view returns (bytes32);

    /// @notice Where a message of this gateway stands here.
    function outboxStatus(bytes32 messageHash) external view returns (MessageStatus);

    /// @notice Where a message of the remote gateway stands here.
    function inboxStatus(bytes32 messageHash) external view returns (MessageStatus);

    /// @notice Terms of an economy; reverts with {UnknownEconomy}.
    function economyTerms(bytes32 economyId) external view returns (EconomyTerms memory);

    /// @notice What the sender of a message pays to take it back before it is overdue: 150 % of its bounty.
    function revocationPenalty(uint256 bounty) external pure returns (uint256);
}
