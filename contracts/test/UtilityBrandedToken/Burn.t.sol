// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract BurnTest is BaseTest {
    function testFuzz_burn_destroysOfTheMintersOwn(uint128 minted, uint128 burned) public {
        burned = uint128(_bound(burned, 0, minted));
        _mint(address(faucet), minted);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(address(faucet), address(0), burned);
        vm.prank(address(faucet));
        token.burn(burned);
        vm.assertEq(token.balanceOf(address(faucet)), minted - burned, "balance");
        vm.assertEq(token.totalSupply(), minted - burned, "supply");
    }

    function test_burn_ofWhatOthersOwn_reverts() public {
        _mint(alice, 10);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(faucet), 0, 10)
        );
        vm.prank(address(faucet));
        token.burn(10);
    }

    function testFuzz_burn_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != address(faucet));
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyMinter.selector, caller));
        vm.prank(caller);
        token.burn(0);
    }
}
