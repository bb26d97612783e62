// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {PaymentEncoder} from "../support/PaymentEncoder.sol";
import {vm} from "../support/Vm.sol";

contract ApplyBatchTest is BaseTest {
    function testFuzz_applyBatch_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != address(rules));
        _mint(aliceHolder, 1);
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyTokenRules.selector, caller));
        vm.prank(caller);
        token.applyBatch(PaymentEncoder.encode(aliceSalt, bob, 1), 1, 1);
    }

    function test_applyBatch_tellsWhatMovedAndWhatNot() public {
        _mint(aliceHolder, 10);
        bytes memory payments = bytes.concat(
            PaymentEncoder.encode(aliceSalt, bob, 4),
            PaymentEncoder.encode(bobSalt, bob, 1),
            PaymentEncoder.encode(aliceSalt, bob, 6)
        );
        vm.prank(address(rules));
        (uint256 executed, uint256 moved, uint256[] memory skips) = token.applyBatch(payments, 10, 10);
        vm.assertEq(executed, 2, "executed");
        vm.assertEq(moved, 10, "moved");
        vm.assertEq(skips.length, 1, "skips");
        vm.assertEq(skips[0] >> 32, 1, "index");
        uint32 reason = uint32(bytes4(keccak256("InsufficientBalance()")));
        vm.assertEq(skips[0] & type(uint32).max, reason, "reason");
    }
}
