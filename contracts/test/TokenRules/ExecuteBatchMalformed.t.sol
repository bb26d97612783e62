// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IPaymentErrors} from "../../src/interfaces/IPaymentErrors.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Leg, Payment, PaymentEncoder} from "../support/PaymentEncoder.sol";
import {vm} from "../support/Vm.sol";

/// @dev Bytes that are no batch: the whole call reverts, with the position of the payment that cannot be read.
contract ExecuteBatchMalformedTest is BaseTest {
    uint256 private constant PAYMENTS = 6;

    function setUp() public override {
        super.setUp();
        _mint(aliceHolder, 1000);
    }

    function testFuzz_executeBatch_cutAnywhere_reverts(uint256 seed, uint256 length) public {
        (bytes memory payments, uint256[] memory offsets) = _batch(seed);
        length = _bound(length, 0, payments.length - 1);
        uint256 offset = 0;
        for (uint256 i = 0; i < PAYMENTS && offsets[i] <= length; ++i) {
            offset = offsets[i];
        }
        if (offset != length) _expectMalformed(offset);
        _execute(_cut(payments, length));
    }

    function testFuzz_executeBatch_withoutLegs_reverts(uint256 seed, uint256 index) public {
        (bytes memory payments, uint256[] memory offsets) = _batch(seed);
        uint256 offset = offsets[_bound(index, 0, PAYMENTS - 1)];
        payments[offset + 12] = 0;
        _expectMalformed(offset);
        _execute(payments);
    }

    function testFuzz_executeBatch_ofAnyBytes_isReadLikeThePlainReader(bytes calldata payments) public {
        (bool isReadable, uint256 count) = _read(payments);
        if (!isReadable) _expectMalformed(count);
        (uint256 executed, uint256 skipped) = _execute(payments);
        vm.assertEq(executed + skipped, isReadable ? count : 0, "payments");
    }

    function test_executeBatch_malformedAtTheEnd_undoesWhatCameBefore() public {
        bytes memory payments = bytes.concat(PaymentEncoder.encode(aliceSalt, bob, 5), hex"00");
        _expectMalformed(45);
        _execute(payments);
        vm.assertEq(token.balanceOf(bob), 0, "recipient");
    }

    /// @dev Number of payments, or the position of the first one that cannot be read.
    function _read(bytes calldata payments) private pure returns (bool isReadable, uint256 count) {
        uint256 position = 0;
        while (position < payments.length) {
            if (position + 13 > payments.length) return (false, position);
            uint256 legs = uint8(payments[position + 12]);
            uint256 next = position + 13 + 32 * legs;
            if (legs == 0 || next > payments.length) return (false, position);
            position = next;
            ++count;
        }
        return (true, count);
    }

    function _batch(uint256 seed) private view returns (bytes memory payments, uint256[] memory offsets) {
        offsets = new uint256[](PAYMENTS);
        for (uint256 i = 0; i < PAYMENTS; ++i) {
            offsets[i] = payments.length;
            Leg[] memory legs = new Leg[](1 + uint256(keccak256(abi.encode(seed, i))) % 3);
            for (uint256 j = 0; j < legs.length; ++j) {
                legs[j] = Leg(bob, 1);
            }
            payments = bytes.concat(payments, PaymentEncoder.encode(Payment(aliceSalt, legs)));
        }
    }

    function _cut(bytes memory payments, uint256 length) private pure returns (bytes memory) {
        assembly ("memory-safe") {
            mstore(payments, length)
        }
        return payments;
    }

    function _expectMalformed(uint256 offset) private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentErrors.MalformedBatch.selector, offset));
    }
}
