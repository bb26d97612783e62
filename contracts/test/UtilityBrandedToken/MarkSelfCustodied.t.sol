// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract MarkSelfCustodiedTest is BaseTest {
    function testFuzz_markSelfCustodied_keepsTheBalance(address holder, uint128 balance) public {
        vm.assume(holder != address(0));
        _mint(holder, balance);
        vm.prank(address(holderFactory));
        token.markSelfCustodied(holder);
        vm.assertTrue(token.isSelfCustodied(holder), "custody");
        vm.assertEq(token.balanceOf(holder), balance, "balance");
    }

    function test_markSelfCustodied_twice_changesNothing() public {
        vm.startPrank(address(holderFactory));
        token.markSelfCustodied(aliceHolder);
        token.markSelfCustodied(aliceHolder);
        vm.stopPrank();
        vm.assertTrue(token.isSelfCustodied(aliceHolder), "custody");
    }

    function testFuzz_markSelfCustodied_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != address(holderFactory));
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyHolderFactory.selector, caller));
        vm.prank(caller);
        token.markSelfCustodied(aliceHolder);
    }
}
