// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract MintTest is BaseTest {
    function testFuzz_mint_createsBaseUnits(uint128 amount) public {
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(0), alice, amount);
        _mint(alice, amount);
        vm.assertEq(token.balanceOf(alice), amount, "balance");
        vm.assertEq(token.totalSupply(), amount, "supply");
    }

    function testFuzz_mint_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != address(faucet));
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyMinter.selector, caller));
        vm.prank(caller);
        token.mint(alice, 1);
    }

    function test_mint_toZero_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        _mint(address(0), 1);
    }

    function testFuzz_mint_aboveMaxSupply_reverts(uint128 first, uint256 second) public {
        second = _bound(second, uint256(type(uint128).max) - first + 1, type(uint256).max);
        _mint(alice, first);
        vm.expectRevert(
            abi.encodeWithSelector(
                IUtilityBrandedToken.MaxSupplyExceeded.selector, first, uint256(type(uint128).max)
            )
        );
        _mint(bob, second);
    }
}
