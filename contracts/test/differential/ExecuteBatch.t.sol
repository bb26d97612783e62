// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ITokenRules} from "../../src/interfaces/ITokenRules.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Payment, PaymentEncoder} from "../support/PaymentEncoder.sol";
import {RandomPayments} from "../support/RandomPayments.sol";
import {ReferenceEconomy} from "../support/ReferenceEconomy.sol";
import {Vm, vm} from "../support/Vm.sol";

/// @dev A batch does what the plain reference does, log for log; and what its payments do one by one.
contract ExecuteBatchDifferentialTest is BaseTest {
    uint256 private constant USERS = 5;
    uint256 private constant COUNT_MAX = 24;

    ReferenceEconomy private model;
    RandomPayments.People private people;

    function setUp() public override {
        super.setUp();
        model = new ReferenceEconomy(address(token));
        for (uint256 i = 0; i < USERS; ++i) {
            people.salts.push(_salt(i));
            people.recipients.push(_holder(_salt(i)));
        }
        people.recipients.push(bob);
        people.recipients.push(company);
        people.recipients.push(address(0));
        people.recipients.push(address(token));
    }

    function testFuzz_executeBatch_equalsTheReference(uint256 seed, uint256 count, uint256 capSeed) public {
        _prepare(seed, capSeed);
        for (uint256 round = 0; round < 3; ++round) {
            uint256 roundSeed = uint256(keccak256(abi.encode(seed, round)));
            _assertSame(RandomPayments.payments(roundSeed, _bound(count, 0, COUNT_MAX), people));
            vm.warp(block.timestamp + roundSeed % 90);
        }
    }

    function testFuzz_executeBatch_equalsItsPaymentsOneByOne(uint256 seed, uint256 capSeed) public {
        _prepare(seed, capSeed);
        Payment[] memory payments = RandomPayments.payments(seed, COUNT_MAX, people);
        uint256 snapshot = vm.snapshotState();
        (uint256 executed, uint256 skipped) = _execute(PaymentEncoder.encode(payments));
        uint256[] memory balances = token.balancesOf(people.recipients);
        uint256 used = rules.windowUsed();

        vm.revertToState(snapshot);
        uint256 executedAlone;
        for (uint256 i = 0; i < payments.length; ++i) {
            (uint256 one,) = _execute(PaymentEncoder.encode(payments[i]));
            executedAlone += one;
        }
        vm.assertEq(executed, executedAlone, "executed");
        vm.assertEq(skipped, payments.length - executedAlone, "payments skipped");
        vm.assertEq(token.balancesOf(people.recipients), balances, "balances");
        vm.assertEq(rules.windowUsed(), used, "window");
    }

    function _prepare(uint256 seed, uint256 capSeed) private {
        for (uint256 i = 0; i < USERS; ++i) {
            uint256 balance = uint256(keccak256(abi.encode(seed, "balance", i))) % 1000;
            _mint(people.recipients[i], balance);
            model.mint(people.recipients[i], balance);
        }
        if (seed % 2 == 0) {
            _deployHolder(people.salts[0], alice);
            model.markSelfCustodied(people.recipients[0]);
        }
        if (capSeed % 3 == 0) return;
        uint96 perPayment = capSeed % 3 == 1 ? type(uint96).max : uint96((capSeed >> 8) % 600);
        uint128 perWindow = capSeed % 5 == 0 ? type(uint128).max : uint128((capSeed >> 32) % 2000);
        _setCaps(perPayment, perWindow, 60);
        model.setCaps(perPayment, perWindow, 60);
    }

    function _assertSame(Payment[] memory payments) private {
        address[] memory payers = new address[](payments.length);
        for (uint256 i = 0; i < payments.length; ++i) {
            payers[i] = _holder(payments[i].payerSalt);
        }
        model.executeBatch(payments, payers);
        vm.recordLogs();
        (uint256 executed, uint256 skipped) = _execute(PaymentEncoder.encode(payments));
        _assertLogs(vm.getRecordedLogs(), executed, skipped);
        vm.assertEq(executed + skipped, payments.length, "payments");
        for (uint256 i = 0; i < people.recipients.length; ++i) {
            address holder = people.recipients[i];
            vm.assertEq(token.balanceOf(holder), model.balanceOf(holder), "balance");
            vm.assertEq(token.isSelfCustodied(holder), model.isSelfCustodied(holder), "custody");
        }
        (,, uint32 windowSeconds) = rules.caps();
        vm.assertEq(rules.windowUsed(), model.movedIn(block.timestamp / windowSeconds), "window");
    }

    /// @dev First the transfers, then the skips, then the summary.
    function _assertLogs(Vm.Log[] memory logs, uint256 executed, uint256 skipped) private view {
        ReferenceEconomy.Movement[] memory movements = model.allMovements();
        ReferenceEconomy.Skip[] memory skips = model.allSkips();
        vm.assertEq(logs.length, movements.length + skips.length + 1, "logs");
        vm.assertEq(skipped, skips.length, "payments skipped");
        for (uint256 i = 0; i < movements.length; ++i) {
            _assertTransfer(logs[i], movements[i]);
        }
        for (uint256 i = 0; i < skips.length; ++i) {
            _assertSkip(logs[movements.length + i], skips[i]);
        }
        Vm.Log memory last = logs[logs.length - 1];
        vm.assertEq(last.topics[0], ITokenRules.BatchExecuted.selector, "summary");
        vm.assertEq(last.data, abi.encode(executed, skipped), "counts");
    }

    function _assertTransfer(Vm.Log memory log, ReferenceEconomy.Movement memory movement) private view {
        vm.assertEq(log.emitter, address(token), "emitter of a transfer");
        vm.assertEq(log.topics.length, 3, "topics of a transfer");
        vm.assertEq(log.topics[0], IERC20.Transfer.selector, "transfer");
        vm.assertEq(log.topics[1], bytes32(uint256(uint160(movement.from))), "from");
        vm.assertEq(log.topics[2], bytes32(uint256(uint160(movement.to))), "to");
        vm.assertEq(log.data, abi.encode(movement.amount), "amount");
    }

    function _assertSkip(Vm.Log memory log, ReferenceEconomy.Skip memory skip) private view {
        vm.assertEq(log.emitter, address(rules), "emitter of a skip");
        vm.assertEq(log.topics[0], ITokenRules.PaymentSkipped.selector, "skip");
        vm.assertEq(log.topics[1], BATCH_ID, "batch");
        vm.assertEq(uint256(log.topics[2]), skip.index, "index");
        vm.assertEq(log.data, abi.encode(skip.reason), "reason");
    }
}
