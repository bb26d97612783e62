// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ISandboxFaucet} from "../../src/interfaces/ISandboxFaucet.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract SetCapsTest is BaseTest {
    function test_caps_areTheDefaultsAtFirst() public view {
        vm.assertEq(faucet.maxPerGrant(address(token)), MAX_PER_GRANT, "per grant");
        vm.assertEq(faucet.maxTotal(address(token)), MAX_TOTAL, "total");
    }

    function testFuzz_setDefaultCaps_countsForTokensWithoutTheirOwn(uint120 perGrant, uint128 total) public {
        vm.prank(platformOwner);
        faucet.setTokenCaps(address(token), 1, 2);
        vm.expectEmit(address(faucet));
        emit ISandboxFaucet.DefaultCapsChanged(perGrant, total);
        vm.prank(platformOwner);
        faucet.setDefaultCaps(perGrant, total);
        vm.assertEq(faucet.maxPerGrant(stranger), perGrant, "default per grant");
        vm.assertEq(faucet.maxTotal(stranger), total, "default total");
        vm.assertEq(faucet.maxPerGrant(address(token)), 1, "own per grant");
        vm.assertEq(faucet.maxTotal(address(token)), 2, "own total");
    }

    function testFuzz_setTokenCaps_countsForThatToken(uint120 perGrant, uint128 total) public {
        vm.expectEmit(address(faucet));
        emit ISandboxFaucet.TokenCapsChanged(address(token), perGrant, total);
        vm.prank(platformOwner);
        faucet.setTokenCaps(address(token), perGrant, total);
        vm.assertEq(faucet.maxPerGrant(address(token)), perGrant, "per grant");
        vm.assertEq(faucet.maxTotal(address(token)), total, "total");
        vm.assertEq(faucet.maxTotal(stranger), MAX_TOTAL, "total of the others");
    }

    function test_setTokenCaps_belowWhatWasGranted_stops() public {
        vm.prank(granter);
        faucet.grant(address(token), alice, 10);
        vm.prank(platformOwner);
        faucet.setTokenCaps(address(token), 5, 9);
        vm.expectRevert(
            abi.encodeWithSelector(ISandboxFaucet.TotalCapExceeded.selector, address(token), 1, 0)
        );
        vm.prank(granter);
        faucet.grant(address(token), alice, 1);
    }

    function testFuzz_setCaps_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != platformOwner);
        _expectMissingRole(caller, bytes32(0));
        vm.prank(caller);
        faucet.setDefaultCaps(1, 1);
        _expectMissingRole(caller, bytes32(0));
        vm.prank(caller);
        faucet.setTokenCaps(address(token), 1, 1);
    }

    function test_ownership_changesInTwoSteps() public {
        vm.prank(platformOwner);
        faucet.beginDefaultAdminTransfer(stranger);
        vm.warp(block.timestamp + 1);
        vm.prank(stranger);
        faucet.acceptDefaultAdminTransfer();
        vm.assertEq(faucet.owner(), stranger, "owner");
    }
}
