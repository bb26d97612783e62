// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

/// @dev `transfer` and `transferFrom`: packed accounts must not show.
contract TransferTest is BaseTest {
    function testFuzz_transfer_movesBaseUnits(uint128 balance, uint128 amount) public {
        amount = uint128(_bound(amount, 0, balance));
        _mint(alice, balance);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, bob, amount);
        vm.prank(alice);
        vm.assertTrue(token.transfer(bob, amount), "result");
        vm.assertEq(token.balanceOf(alice), balance - amount, "sender");
        vm.assertEq(token.balanceOf(bob), amount, "recipient");
        vm.assertEq(token.totalSupply(), balance, "supply");
    }

    function testFuzz_transfer_toOneself_conserves(uint128 balance, uint128 amount) public {
        amount = uint128(_bound(amount, 0, balance));
        _mint(alice, balance);
        vm.prank(alice);
        vm.assertTrue(token.transfer(alice, amount), "result");
        vm.assertEq(token.balanceOf(alice), balance, "balance");
    }

    function testFuzz_transfer_ofMoreThanOwned_reverts(uint128 balance, uint256 amount) public {
        vm.assume(amount > balance);
        _mint(alice, balance);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, balance, amount)
        );
        vm.prank(alice);
        token.transfer(bob, amount);
    }

    function test_transfer_toZero_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        vm.prank(alice);
        token.transfer(address(0), 0);
    }

    function testFuzz_transferFrom_spendsTheAllowance(uint128 allowed, uint128 amount) public {
        amount = uint128(_bound(amount, 0, allowed));
        _mint(alice, allowed);
        vm.prank(alice);
        token.approve(stranger, allowed);
        vm.prank(stranger);
        vm.assertTrue(token.transferFrom(alice, bob, amount), "result");
        vm.assertEq(token.allowance(alice, stranger), allowed - amount, "allowance");
        vm.assertEq(token.balanceOf(bob), amount, "recipient");
    }

    function test_transferFrom_withoutAllowance_reverts() public {
        _mint(alice, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 0, 1)
        );
        vm.prank(stranger);
        token.transferFrom(alice, bob, 1);
    }

    function testFuzz_transfer_keepsTheCustodyFlag(uint128 balance, uint128 amount) public {
        amount = uint128(_bound(amount, 0, balance));
        address holder = address(_deployHolder(aliceSalt, alice));
        _mint(holder, balance);
        vm.prank(holder);
        vm.assertTrue(token.transfer(bob, amount), "out");
        vm.prank(bob);
        vm.assertTrue(token.transfer(holder, amount), "back in");
        vm.assertEq(token.balanceOf(holder), balance, "balance");
        vm.assertTrue(token.isSelfCustodied(holder), "custody");
        vm.assertFalse(token.isSelfCustodied(bob), "custody of the other");
    }
}
