// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {TokenHolder} from "../../src/TokenHolder.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract ExecuteTest is BaseTest {
    TokenHolder private holder;

    function setUp() public override {
        super.setUp();
        holder = _deployHolder(aliceSalt, alice);
        _mint(address(holder), 100);
    }

    function test_execute_callsAndReturns() public {
        bytes memory data = abi.encodeCall(IERC20.transfer, (bob, 40));
        vm.prank(alice);
        bytes memory result = holder.execute(address(token), 0, data);
        vm.assertTrue(abi.decode(result, (bool)), "result");
        vm.assertEq(token.balanceOf(bob), 40, "recipient");
    }

    function testFuzz_execute_sendsNativeCoin(uint96 amount) public {
        vm.deal(address(holder), amount);
        vm.prank(alice);
        holder.execute(bob, amount, "");
        vm.assertEq(bob.balance, amount, "recipient");
    }

    function test_holder_receivesNativeCoin() public {
        vm.deal(bob, 5);
        vm.prank(bob);
        (bool success,) = address(holder).call{value: 5}("");
        vm.assertTrue(success, "success");
        vm.assertEq(address(holder).balance, 5, "balance");
    }

    function test_execute_passesARevertOn() public {
        bytes memory data = abi.encodeCall(IERC20.transfer, (bob, 101));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(holder), 100, 101)
        );
        vm.prank(alice);
        holder.execute(address(token), 0, data);
    }

    function testFuzz_execute_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != alice);
        vm.expectRevert(
            abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller)
        );
        vm.prank(caller);
        holder.execute(bob, 0, "");
    }
}
