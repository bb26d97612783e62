// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {AccountLib} from "./AccountLib.sol";
import {HolderAddressLib} from "./HolderAddressLib.sol";

/// @notice The fast lane of a batch: a run of payments with one leg each that nothing speaks against.
/// @dev It decides nothing on its own. A payment it does not like for any reason is left to the plain code, which
/// finds out why, or pays after all. So what must be proved is only that a payment made here is made as there:
///
/// 1. It lies in the batch: `next <= end`; and it has one leg: byte 12 is 1, and 12 + 1 + 32 bytes are read.
/// 2. No reason to skip applies. Recipient and amount are not zero: below 2^160 and 2^96, their product is exact,
///    and zero only if one of them is. The recipient is not the token, in whose context this runs. The amount is
///    within both caps. The payer's account, read as a signed number, is not below the amount; so its highest bit,
///    the custody flag, is clear, and with it the account is the balance, and covers the amount.
/// 3. The effects are those of {AccountLib-debit} and {AccountLib-credit}, in this order, so that a payment to
///    oneself conserves. `account - amount` does not underflow (2). Credit + amount does not carry into the flag,
///    as balance + amount <= total supply < 2^128 once the payer was debited. `left - amount` does not underflow (2).
/// 4. Values put into topics and slots are clean: `payer` is masked, `recipient` is shifted down.
///
/// Memory safety: written are the scratch word 0x00 and the user part of `preimage`, see {HolderAddressLib-holderAt}.
library SingleLegLib {
    /// @notice Bytes of a payment with one leg: salt, leg count, recipient, amount (12 + 1 + 20 + 12).
    uint256 internal constant PAYMENT_LENGTH = 45;

    /// @dev Positions of the leg count and of the leg in the payment.
    uint256 private constant LEG_COUNT_BYTE = 12;
    uint256 private constant LEG_POSITION = 13;

    /// @dev As in {HolderAddressLib}; assembly only takes constants of its own library.
    uint256 private constant USER_SALT_LENGTH = 12;
    uint256 private constant PREIMAGE_LENGTH = 85;

    uint256 private constant ADDRESS_MASK = 0x00ffffffffffffffffffffffffffffffffffffffff;
    uint256 private constant AMOUNT_MASK = 0xffffffffffffffffffffffff;

    /// @dev keccak256("Transfer(address,address,uint256)")
    uint256 private constant TRANSFER_TOPIC =
        0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef;

    /// @notice Makes payments from calldata position `position` on, until one is not simple or the batch ends.
    /// @param preimage From {HolderAddressLib-preimageOf}.
    /// @param position Calldata position of the first payment.
    /// @param end Calldata position behind the batch.
    /// @param perPayment Most base units of one payment.
    /// @param left Most base units of all payments.
    /// @return stop Calldata position behind the last payment made here.
    /// @return leftAfter What remains of `left`.
    function payWhileSimple(
        bytes memory preimage,
        uint256 position,
        uint256 end,
        uint256 perPayment,
        uint256 left
    ) internal returns (uint256 stop, uint256 leftAfter) {
        uint256 space = AccountLib.SPACE;
        uint256 saltOffset = HolderAddressLib.USER_SALT_OFFSET;
        assembly ("memory-safe") {
            let start := add(preimage, 0x20)
            let salt := add(preimage, saltOffset)
            for { let next := add(position, PAYMENT_LENGTH) } iszero(gt(next, end)) {
                next := add(next, PAYMENT_LENGTH)
            } {
                if xor(byte(LEG_COUNT_BYTE, calldataload(position)), 1) { break }
                calldatacopy(salt, position, USER_SALT_LENGTH)
                let payer := and(keccak256(start, PREIMAGE_LENGTH), ADDRESS_MASK)
                let slot := or(space, payer)
                let account := sload(slot)
                let leg := calldataload(add(position, LEG_POSITION))
                let recipient := shr(96, leg)
                let amount := and(leg, AMOUNT_MASK)
                if or(
                    or(gt(amount, perPayment), gt(amount, left)),
                    or(slt(account, amount), or(iszero(mul(amount, recipient)), eq(recipient, address())))
                ) { break }
                left := sub(left, amount)
                sstore(slot, sub(account, amount))
                slot := or(space, recipient)
                sstore(slot, add(sload(slot), amount))
                mstore(0x00, amount)
                log3(0x00, 0x20, TRANSFER_TOPIC, payer, recipient)
                position := next
            }
        }
        return (position, left);
    }
}
