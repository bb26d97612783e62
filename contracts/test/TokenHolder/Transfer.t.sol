// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {TokenHolder} from "../../src/TokenHolder.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract TransferTest is BaseTest {
    TokenHolder private holder;

    function setUp() public override {
        super.setUp();
        holder = _deployHolder(aliceSalt, alice);
        _mint(address(holder), 100);
    }

    function testFuzz_transfer_movesBaseUnits(uint256 amount) public {
        amount = _bound(amount, 0, 100);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(holder), bob, amount);
        vm.prank(alice);
        vm.assertTrue(holder.transfer(bob, amount), "result");
        vm.assertEq(token.balanceOf(bob), amount, "recipient");
    }

    function test_transfer_ofMoreThanOwned_reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(holder), 100, 101)
        );
        vm.prank(alice);
        holder.transfer(bob, 101);
    }

    function testFuzz_transfer_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != alice);
        vm.expectRevert(
            abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller)
        );
        vm.prank(caller);
        holder.transfer(bob, 1);
    }
}
