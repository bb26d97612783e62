// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IPaymentErrors} from "../interfaces/IPaymentErrors.sol";

/// @notice Reads packed payments from calldata; the encoding is described at {ITokenRules-executeBatch}.
/// @dev All positions are absolute calldata positions. Nothing here can overflow: positions are below the size of
/// calldata, far below 2^64, and a payment is at most 13 + 255 x 32 bytes.
library PackedBatchLib {
    /// @dev Bytes of salt and leg count, and of one leg.
    uint256 private constant HEAD_LENGTH = 12 + 1;
    uint256 private constant LEG_LENGTH = 32;

    /// @dev Leg count in the word that begins at the salt.
    uint256 private constant COUNT_SHIFT = 256 - 8 * HEAD_LENGTH;

    /// @notice First position of `payments` and the position behind its last byte.
    function bounds(bytes calldata payments) internal pure returns (uint256 start, uint256 end) {
        assembly ("memory-safe") {
            start := payments.offset
            end := add(start, payments.length)
        }
    }

    /// @notice Position of the first leg of the payment at `position`, and the position behind its last leg.
    /// @dev A payment cut inside its head reads a zero or foreign count; `next` is then behind `end` all the same,
    /// because a head alone is longer than what is left. So the one comparison covers every truncation.
    function legsAt(uint256 position, uint256 start, uint256 end)
        internal
        pure
        returns (uint256 legs, uint256 next)
    {
        unchecked {
            uint256 count = (word(position) >> COUNT_SHIFT) & 0xff;
            legs = position + HEAD_LENGTH;
            next = legs + count * LEG_LENGTH;
            if (count == 0 || next > end) revert IPaymentErrors.MalformedBatch(position - start);
        }
    }

    /// @notice Recipient and amount of the leg at `position`, and the position of the next.
    function legAt(uint256 position) internal pure returns (address recipient, uint256 amount, uint256 next) {
        uint256 leg = word(position);
        unchecked {
            // The shift leaves 160 bits.
            // forge-lint: disable-next-line(unsafe-typecast)
            return (address(uint160(leg >> 96)), leg & type(uint96).max, position + LEG_LENGTH);
        }
    }

    function word(uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(position)
        }
    }
}
