// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IEconomyFactory} from "../../src/interfaces/IEconomyFactory.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract SetMinterTest is BaseTest {
    function testFuzz_setMinter_allowsAndForbids(address minter) public {
        vm.assume(minter != address(faucet));
        vm.assertFalse(economyFactory.isMinter(minter), "at first");
        vm.expectEmit(address(economyFactory));
        emit IEconomyFactory.MinterSet(minter, true);
        vm.prank(platformOwner);
        economyFactory.setMinter(minter, true);
        vm.assertTrue(economyFactory.isMinter(minter), "allowed");
        vm.prank(platformOwner);
        economyFactory.setMinter(minter, false);
        vm.assertFalse(economyFactory.isMinter(minter), "forbidden");
    }

    function testFuzz_setMinter_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != platformOwner);
        _expectMissingRole(caller, bytes32(0));
        vm.prank(caller);
        economyFactory.setMinter(caller, true);
    }

    function test_setMinter_doesNotTouchEconomiesThatExist() public {
        vm.prank(platformOwner);
        economyFactory.setMinter(address(faucet), false);
        vm.prank(granter);
        faucet.grant(address(token), alice, 1);
        vm.assertEq(token.balanceOf(alice), 1, "balance");
    }

    function test_ownership_changesInTwoSteps() public {
        vm.prank(platformOwner);
        economyFactory.beginDefaultAdminTransfer(stranger);
        vm.warp(block.timestamp + 1);
        vm.prank(stranger);
        economyFactory.acceptDefaultAdminTransfer();
        vm.assertEq(economyFactory.owner(), stranger, "owner");
    }
}
