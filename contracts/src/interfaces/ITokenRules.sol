// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IPaymentErrors} from "./IPaymentErrors.sol";

/// @notice Rules of one economy: who may move managed balances, and how much.
interface ITokenRules is IPaymentErrors {
    /// @notice Bounds on what operators may move.
    /// @param perPayment Largest sum of one payment's legs, in base units; the type's maximum means unlimited.
    /// @param perWindow Most base units moved in one window; the type's maximum means unlimited.
    /// @param windowSeconds Length of a window. Windows begin at multiples of it since the Unix epoch.
    struct Caps {
        uint96 perPayment;
        uint128 perWindow;
        uint32 windowSeconds;
    }

    /// @notice A batch was applied; its transfers and skips are the logs before this one.
    event BatchExecuted(bytes32 indexed batchId, uint256 executed, uint256 skipped);

    /// @notice The payment at `index` of the batch was skipped; `reason` is a selector of {IPaymentErrors}.
    event PaymentSkipped(bytes32 indexed batchId, uint256 indexed index, bytes4 reason);

    /// @notice The caps were set.
    event CapsChanged(uint96 perPayment, uint128 perWindow, uint32 windowSeconds);

    /// @notice A window must last.
    error ZeroWindow();

    /// @notice The caller is neither owner nor admin.
    error OnlyAdminOrOwner(address caller);

    /// @notice Makes a fresh clone the rules of `token`. Works once.
    /// @param token The economy's token.
    /// @param owner Default admin: sets caps, appoints admins, hands over in two steps.
    /// @param admin First holder of ADMIN_ROLE; the zero address appoints none.
    /// @param operators First holders of OPERATOR_ROLE.
    function initialize(address token, address owner, address admin, address[] calldata operators) external;

    /// @notice Applies a batch of payments from managed holders. Operators only, not while paused.
    /// @dev `payments` is repeated without padding until its end:
    /// `payerSalt (12 bytes) | legCount (1 byte, 1..255) | legCount x (recipient (20 bytes) | amount (12 bytes))`.
    /// The payer is the holder address of (token, payerSalt), whatever the operator claims. A payment that cannot
    /// be made is skipped and reported; a batch that cannot be read reverts with {MalformedBatch}. No payments at
    /// all is a valid batch, so that `eth_call` can probe role and pause. A batch id may be used again: the
    /// operator's nonce is what prevents a second execution.
    /// @param batchId Name of the batch in the events.
    /// @return executed Number of payments applied.
    /// @return skipped Number of payments skipped.
    function executeBatch(bytes32 batchId, bytes calldata payments)
        external
        returns (uint256 executed, uint256 skipped);

    /// @notice Sets the caps. Owner only.
    /// @dev What moved in the running window counts in the window the new length puts this moment in.
    function setCaps(uint96 perPayment, uint128 perWindow, uint32 windowSeconds) external;

    /// @notice Stops batches. Owner or admin.
    function pause() external;

    /// @notice Lets batches through again. Owner or admin.
    function unpause() external;

    /// @notice The caps in force.
    function caps() external view returns (uint96 perPayment, uint128 perWindow, uint32 windowSeconds);

    /// @notice Base units moved in the current window.
    function windowUsed() external view returns (uint128 used);

    /// @notice The economy's token.
    function token() external view returns (address);
}
