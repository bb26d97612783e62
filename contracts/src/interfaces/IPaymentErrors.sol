// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Why a payment of a batch was skipped, and how a batch that cannot be read is refused.
/// @dev The first six are never thrown: their selectors are the `reason` of {ITokenRules-PaymentSkipped}. They
/// are tested in the order in which they stand here, so that one payment has exactly one reason: what can never
/// succeed comes before what may succeed later.
interface IPaymentErrors {
    /// @notice A recipient is the zero address or the token itself.
    error InvalidRecipient();

    /// @notice A leg moves nothing.
    error ZeroAmount();

    /// @notice The sum of the payment's legs is above the cap of a single payment.
    error ItemCapExceeded();

    /// @notice The payer keeps its own keys: only its owner may move its balance.
    error SelfCustodied();

    /// @notice The payer's balance does not cover the sum of the legs.
    error InsufficientBalance();

    /// @notice The payment would lift what moved in the current window above the window's cap.
    error WindowCapExceeded();

    /// @notice The packed bytes end inside a payment, or a payment has no legs.
    /// @param offset Position in bytes of the payment that cannot be read.
    error MalformedBatch(uint256 offset);
}
