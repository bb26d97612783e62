// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IPaymentErrors} from "../../src/interfaces/IPaymentErrors.sol";
import {ITokenRules} from "../../src/interfaces/ITokenRules.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Leg, Payment, PaymentEncoder} from "../support/PaymentEncoder.sol";
import {vm} from "../support/Vm.sol";

contract SetCapsTest is BaseTest {
    function setUp() public override {
        super.setUp();
        _mint(aliceHolder, type(uint96).max);
    }

    function testFuzz_setCaps_stores(uint96 perPayment, uint128 perWindow, uint32 windowSeconds) public {
        vm.assume(windowSeconds != 0);
        vm.expectEmit(address(rules));
        emit ITokenRules.CapsChanged(perPayment, perWindow, windowSeconds);
        _setCaps(perPayment, perWindow, windowSeconds);
        (uint96 item, uint128 window, uint32 length) = rules.caps();
        vm.assertEq(item, perPayment, "per payment");
        vm.assertEq(window, perWindow, "per window");
        vm.assertEq(length, windowSeconds, "window");
    }

    function test_setCaps_withoutWindow_reverts() public {
        vm.expectRevert(ITokenRules.ZeroWindow.selector);
        _setCaps(1, 1, 0);
    }

    function test_setCaps_byAnyoneElse_reverts() public {
        address[3] memory callers = [admin, operator, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            _expectMissingRole(callers[i], bytes32(0));
            vm.prank(callers[i]);
            rules.setCaps(1, 1, 1);
        }
    }

    function testFuzz_perPayment_isTheLargestPayment(uint96 cap, uint96 amount) public {
        cap = uint96(_bound(cap, 0, type(uint96).max - 1));
        amount = uint96(_bound(amount, cap + 1, type(uint96).max));
        _setCaps(cap, type(uint128).max, 1 days);
        if (cap > 0) _assertPaid(PaymentEncoder.encode(aliceSalt, aliceHolder, cap));
        bytes memory above = PaymentEncoder.encode(aliceSalt, bob, amount);
        _assertSkipped(above, IPaymentErrors.ItemCapExceeded.selector);
    }

    function test_perPayment_boundsTheSumOfLegs() public {
        _setCaps(10, type(uint128).max, 1 days);
        Leg[] memory legs = new Leg[](2);
        (legs[0], legs[1]) = (Leg(bob, 6), Leg(company, 5));
        bytes memory above = PaymentEncoder.encode(Payment(aliceSalt, legs));
        _assertSkipped(above, IPaymentErrors.ItemCapExceeded.selector);
        legs[1].amount = 4;
        _assertPaid(PaymentEncoder.encode(Payment(aliceSalt, legs)));
    }

    function test_perPayment_unlimited_letsSeveralLegsExceedTheTypeOfOne() public {
        _mint(aliceHolder, type(uint96).max);
        Leg[] memory legs = new Leg[](2);
        (legs[0], legs[1]) = (Leg(bob, type(uint96).max), Leg(company, 1));
        _assertPaid(PaymentEncoder.encode(Payment(aliceSalt, legs)));
    }

    function testFuzz_perWindow_boundsAllPaymentsOfAWindow(uint96 cap, uint96 first) public {
        cap = uint96(_bound(cap, 1, type(uint96).max - 1));
        first = uint96(_bound(first, 1, cap));
        _setCaps(type(uint96).max, cap, 1 hours);
        _assertPaid(PaymentEncoder.encode(aliceSalt, aliceHolder, first));
        vm.assertEq(rules.windowUsed(), first, "used");
        bytes memory above = PaymentEncoder.encode(aliceSalt, bob, cap - first + 1);
        _assertSkipped(above, IPaymentErrors.WindowCapExceeded.selector);
        if (first < cap) _assertPaid(PaymentEncoder.encode(aliceSalt, bob, cap - first));
        vm.assertEq(rules.windowUsed(), cap, "used up");
    }

    function test_perWindow_boundsInsideOneBatch() public {
        _setCaps(type(uint96).max, 10, 1 hours);
        bytes memory payments = bytes.concat(
            PaymentEncoder.encode(aliceSalt, bob, 6),
            PaymentEncoder.encode(aliceSalt, bob, 5),
            PaymentEncoder.encode(aliceSalt, bob, 4)
        );
        vm.expectEmit(address(rules));
        emit ITokenRules.PaymentSkipped(BATCH_ID, 1, IPaymentErrors.WindowCapExceeded.selector);
        _execute(payments);
        vm.assertEq(token.balanceOf(bob), 10, "recipient");
    }

    function test_perWindow_endsWithTheWindow() public {
        _setCaps(type(uint96).max, 10, 1 hours);
        _assertPaid(PaymentEncoder.encode(aliceSalt, bob, 10));
        uint256 next = (START / 1 hours + 1) * 1 hours;
        vm.warp(next - 1);
        _assertSkipped(PaymentEncoder.encode(aliceSalt, bob, 1), IPaymentErrors.WindowCapExceeded.selector);
        vm.warp(next);
        vm.assertEq(rules.windowUsed(), 0, "used");
        _assertPaid(PaymentEncoder.encode(aliceSalt, bob, 10));
    }

    function test_setCaps_belowWhatMoved_leavesNothing() public {
        _assertPaid(PaymentEncoder.encode(aliceSalt, bob, 10));
        _setCaps(type(uint96).max, 9, 1 days);
        _assertSkipped(PaymentEncoder.encode(aliceSalt, bob, 1), IPaymentErrors.WindowCapExceeded.selector);
        vm.assertEq(rules.windowUsed(), 10, "used");
    }

    function testFuzz_setCaps_carriesWhatMovedIntoTheNewWindow(uint32 windowSeconds) public {
        vm.assume(windowSeconds != 0);
        _assertPaid(PaymentEncoder.encode(aliceSalt, bob, 10));
        _setCaps(type(uint96).max, 12, windowSeconds);
        vm.assertEq(rules.windowUsed(), 10, "used");
        _assertSkipped(PaymentEncoder.encode(aliceSalt, bob, 3), IPaymentErrors.WindowCapExceeded.selector);
    }

    function _assertPaid(bytes memory payments) private {
        (uint256 executed, uint256 skipped) = _execute(payments);
        vm.assertEq(executed, 1, "executed");
        vm.assertEq(skipped, 0, "payments skipped");
    }

    function _assertSkipped(bytes memory payments, bytes4 reason) private {
        vm.expectEmit(address(rules));
        emit ITokenRules.PaymentSkipped(BATCH_ID, 0, reason);
        (uint256 executed, uint256 skipped) = _execute(payments);
        vm.assertEq(executed, 0, "executed");
        vm.assertEq(skipped, 1, "payments skipped");
    }
}
