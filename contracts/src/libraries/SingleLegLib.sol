// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {AccountLib} from "./AccountLib.sol";

library SingleLegLib {
    uint256 internal constant PAYMENT_LENGTH = 12 + 1 + 20 + 12;
    bytes32 private constant STORAGE_LOCATION = 0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae00;
    uint256 private constant TRANSFER_TOPIC =
        0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef;

    function payWhileSimple(bytes memory preimage, uint256 from, uint256 end, uint256 perPayment, uint256 left0)
        internal
        returns (uint256 position, uint256 left)
    {
        position = from;
        left = left0;
        assembly ("memory-safe") {
            let start := add(preimage, 0x20)
            let hole := add(preimage, 73)
            mstore(0x20, STORAGE_LOCATION)
            let cap := div(left, add(div(sub(end, position), 45), 1))
            if gt(cap, perPayment) { cap := perPayment }
            for { let next := add(position, 45) } iszero(gt(next, end)) { next := add(next, 45) } {
                calldatacopy(hole, position, 12)
                let payer := and(keccak256(start, 85), 0xffffffffffffffffffffffffffffffffffffffff)
                mstore(0x00, payer)
                let slot := keccak256(0x00, 0x40)
                let account := sload(slot)
                let amount := calldataload(sub(next, 32))
                let recipient := shr(96, amount)
                amount := and(amount, 0xffffffffffffffffffffffff)
                if or(
                    or(
                        or(xor(byte(12, calldataload(position)), 1), gt(amount, cap)),
                        slt(account, amount)
                    ),
                    or(iszero(mul(amount, recipient)), eq(recipient, address()))
                ) { break }
                left := sub(left, amount)
                sstore(slot, sub(account, amount))
                mstore(0x00, recipient)
                slot := keccak256(0x00, 0x40)
                sstore(slot, add(sload(slot), amount))
                mstore(0x00, amount)
                log3(0x00, 0x20, TRANSFER_TOPIC, payer, recipient)
                position := next
            }
        }
    }
}
