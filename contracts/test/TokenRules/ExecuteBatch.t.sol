// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {TokenRules} from "../../src/TokenRules.sol";
import {IPaymentErrors} from "../../src/interfaces/IPaymentErrors.sol";
import {ITokenRules} from "../../src/interfaces/ITokenRules.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Leg, Payment, PaymentEncoder} from "../support/PaymentEncoder.sol";
import {vm} from "../support/Vm.sol";

contract ExecuteBatchTest is BaseTest {
    using PaymentEncoder for Payment;

    function testFuzz_executeBatch_pays(uint96 balance, uint96 amount) public {
        amount = uint96(_bound(amount, 1, type(uint96).max));
        balance = uint96(_bound(balance, amount, type(uint96).max));
        _mint(aliceHolder, balance);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(aliceHolder, bobHolder, amount);
        vm.expectEmit(address(rules));
        emit ITokenRules.BatchExecuted(BATCH_ID, 1, 0);
        (uint256 executed, uint256 skipped) = _execute(PaymentEncoder.encode(aliceSalt, bobHolder, amount));
        vm.assertEq(executed, 1, "executed");
        vm.assertEq(skipped, 0, "payments skipped");
        vm.assertEq(token.balanceOf(aliceHolder), balance - amount, "payer");
        vm.assertEq(token.balanceOf(bobHolder), amount, "recipient");
        vm.assertEq(rules.windowUsed(), amount, "window");
    }

    function test_executeBatch_ofNothing_isAProbe() public {
        vm.expectEmit(address(rules));
        emit ITokenRules.BatchExecuted(BATCH_ID, 0, 0);
        (uint256 executed, uint256 skipped) = _execute("");
        vm.assertEq(executed + skipped, 0, "payments");
    }

    function test_executeBatch_paysLegsInOrder() public {
        _mint(aliceHolder, 100);
        bytes memory payments = _threeLegs(60, 30, 10).encode();
        vm.expectEmit(address(token));
        emit IERC20.Transfer(aliceHolder, bobHolder, 60);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(aliceHolder, company, 30);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(aliceHolder, bobHolder, 10);
        _execute(payments);
        vm.assertEq(token.balanceOf(aliceHolder), 0, "payer");
        vm.assertEq(token.balanceOf(bobHolder), 70, "recipient of two legs");
        vm.assertEq(token.balanceOf(company), 30, "recipient of one leg");
    }

    function test_executeBatch_paysAllLegsOrNone() public {
        _mint(aliceHolder, 99);
        _assertSkipped(_threeLegs(60, 30, 10).encode(), IPaymentErrors.InsufficientBalance.selector);
        vm.assertEq(token.balanceOf(bobHolder) + token.balanceOf(company), 0, "recipients");
        vm.assertEq(token.balanceOf(aliceHolder), 99, "payer");
    }

    function test_executeBatch_pays255Legs() public {
        Leg[] memory legs = new Leg[](255);
        for (uint256 i = 0; i < 255; ++i) {
            legs[i] = Leg(address(uint160(i + 1000)), uint96(i + 1));
        }
        _mint(aliceHolder, 255 * 128);
        (uint256 executed,) = _execute(Payment(aliceSalt, legs).encode());
        vm.assertEq(executed, 1, "executed");
        vm.assertEq(token.balanceOf(aliceHolder), 0, "payer");
        vm.assertEq(token.balanceOf(address(1254)), 255, "last recipient");
    }

    function test_executeBatch_paysWithWhatArrivedEarlierInTheBatch() public {
        _mint(aliceHolder, 5);
        (uint256 executed,) = _execute(
            bytes.concat(
                PaymentEncoder.encode(aliceSalt, bobHolder, 5), PaymentEncoder.encode(bobSalt, company, 5)
            )
        );
        vm.assertEq(executed, 2, "executed");
        vm.assertEq(token.balanceOf(company), 5, "company");
    }

    function testFuzz_executeBatch_toThePayerItself_conserves(uint96 balance, uint96 amount) public {
        amount = uint96(_bound(amount, 1, type(uint96).max));
        balance = uint96(_bound(balance, amount, type(uint96).max));
        _mint(aliceHolder, balance);
        (uint256 executed,) = _execute(PaymentEncoder.encode(aliceSalt, aliceHolder, amount));
        vm.assertEq(executed, 1, "executed");
        vm.assertEq(token.balanceOf(aliceHolder), balance, "balance");
    }

    function test_executeBatch_withALegToThePayerItself_conserves() public {
        _mint(aliceHolder, 100);
        Payment memory payment = _threeLegs(60, 30, 10);
        payment.legs[0].recipient = aliceHolder;
        _execute(payment.encode());
        vm.assertEq(token.balanceOf(aliceHolder), 60, "payer");
        vm.assertEq(token.balanceOf(company), 30, "company");
        vm.assertEq(token.balanceOf(bobHolder), 10, "bob");
    }

    function test_executeBatch_skipsOneAndGoesOn() public {
        _mint(aliceHolder, 10);
        bytes memory payments = bytes.concat(
            PaymentEncoder.encode(aliceSalt, bob, 11),
            PaymentEncoder.encode(aliceSalt, bob, 4),
            PaymentEncoder.encode(aliceSalt, address(0), 1),
            PaymentEncoder.encode(aliceSalt, bob, 6)
        );
        vm.expectEmit(address(rules));
        emit ITokenRules.PaymentSkipped(BATCH_ID, 0, IPaymentErrors.InsufficientBalance.selector);
        vm.expectEmit(address(rules));
        emit ITokenRules.PaymentSkipped(BATCH_ID, 2, IPaymentErrors.InvalidRecipient.selector);
        vm.expectEmit(address(rules));
        emit ITokenRules.BatchExecuted(BATCH_ID, 2, 2);
        _execute(payments);
        vm.assertEq(token.balanceOf(bob), 10, "recipient");
    }

    function testFuzz_executeBatch_ofMoreThanOwned_isSkipped(uint96 balance, uint96 amount) public {
        vm.assume(amount > balance);
        _mint(aliceHolder, balance);
        bytes memory payments = PaymentEncoder.encode(aliceSalt, bob, amount);
        _assertSkipped(payments, IPaymentErrors.InsufficientBalance.selector);
    }

    function test_executeBatch_ofASelfCustodiedHolder_isSkipped() public {
        _mint(aliceHolder, 10);
        _deployHolder(aliceSalt, alice);
        bytes memory payments = PaymentEncoder.encode(aliceSalt, bob, 1);
        _assertSkipped(payments, IPaymentErrors.SelfCustodied.selector);
        payments = PaymentEncoder.encode(aliceSalt, bob, 11);
        _assertSkipped(payments, IPaymentErrors.SelfCustodied.selector);
    }

    function test_executeBatch_toASelfCustodiedHolder_pays() public {
        _mint(aliceHolder, 10);
        _deployHolder(bobSalt, bob);
        (uint256 executed,) = _execute(PaymentEncoder.encode(aliceSalt, bobHolder, 10));
        vm.assertEq(executed, 1, "executed");
        vm.assertEq(token.balanceOf(bobHolder), 10, "recipient");
        vm.assertTrue(token.isSelfCustodied(bobHolder), "custody");
    }

    function test_executeBatch_toNobody_isSkipped() public {
        _mint(aliceHolder, 10);
        bytes memory payments = PaymentEncoder.encode(aliceSalt, address(0), 1);
        _assertSkipped(payments, IPaymentErrors.InvalidRecipient.selector);
        payments = PaymentEncoder.encode(aliceSalt, address(token), 1);
        _assertSkipped(payments, IPaymentErrors.InvalidRecipient.selector);
    }

    function test_executeBatch_ofZero_isSkipped() public {
        _mint(aliceHolder, 10);
        bytes memory payments = PaymentEncoder.encode(aliceSalt, bob, 0);
        _assertSkipped(payments, IPaymentErrors.ZeroAmount.selector);
        _assertSkipped(_threeLegs(1, 0, 1).encode(), IPaymentErrors.ZeroAmount.selector);
    }

    function testFuzz_executeBatch_neverReachesAnAddressThatIsNoHolder(bytes12 salt, address foreign) public {
        address payer = _holder(salt);
        vm.assume(foreign != payer && foreign != address(0) && foreign != bob);
        _mint(foreign, 10);
        _mint(payer, 10);
        _execute(PaymentEncoder.encode(salt, bob, 10));
        vm.assertEq(token.balanceOf(foreign), 10, "foreign");
        vm.assertEq(token.balanceOf(payer), 0, "payer");
    }

    function test_executeBatch_reachesOnlyHoldersOfItsOwnEconomy() public {
        (UtilityBrandedToken otherToken, TokenRules otherRules) = _createEconomy(keccak256("another"));
        _mint(holderFactory.holderAddress(address(otherToken), aliceSalt), 10);
        bytes memory payments = PaymentEncoder.encode(aliceSalt, bob, 1);
        _assertSkipped(payments, IPaymentErrors.InsufficientBalance.selector);
        vm.assertNotEq(address(otherRules), address(rules), "rules");
    }

    function testFuzz_executeBatch_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != operator);
        _expectMissingRole(caller, rules.OPERATOR_ROLE());
        vm.prank(caller);
        rules.executeBatch(BATCH_ID, "");
    }

    function test_executeBatch_whilePaused_reverts() public {
        vm.prank(admin);
        rules.pause();
        vm.expectRevert(PausableUpgradeable.EnforcedPause.selector);
        _execute("");
    }

    function _threeLegs(uint96 first, uint96 second, uint96 third) private view returns (Payment memory) {
        Leg[] memory legs = new Leg[](3);
        legs[0] = Leg(bobHolder, first);
        legs[1] = Leg(company, second);
        legs[2] = Leg(bobHolder, third);
        return Payment(aliceSalt, legs);
    }

    function _assertSkipped(bytes memory payments, bytes4 reason) private {
        uint256 balance = token.balanceOf(aliceHolder);
        vm.expectEmit(address(rules));
        emit ITokenRules.PaymentSkipped(BATCH_ID, 0, reason);
        (uint256 executed, uint256 skipped) = _execute(payments);
        vm.assertEq(executed, 0, "executed");
        vm.assertEq(skipped, 1, "payments skipped");
        vm.assertEq(token.balanceOf(aliceHolder), balance, "payer");
    }
}
