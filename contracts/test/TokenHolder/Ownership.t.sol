// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {TokenHolder} from "../../src/TokenHolder.sol";
import {ITokenHolder} from "../../src/interfaces/ITokenHolder.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract OwnershipTest is BaseTest {
    TokenHolder private holder;

    function setUp() public override {
        super.setUp();
        holder = _deployHolder(aliceSalt, alice);
    }

    function test_ownership_changesInTwoSteps() public {
        vm.prank(alice);
        holder.transferOwnership(bob);
        vm.assertEq(holder.owner(), alice, "still the old owner");
        vm.assertEq(holder.pendingOwner(), bob, "pending");
        vm.prank(bob);
        holder.acceptOwnership();
        vm.assertEq(holder.owner(), bob, "the new owner");
        _expectUnauthorized(alice);
        vm.prank(alice);
        holder.transfer(alice, 0);
    }

    function testFuzz_ownership_isAcceptedByNobodyElse(address caller) public {
        vm.assume(caller != bob);
        vm.prank(alice);
        holder.transferOwnership(bob);
        _expectUnauthorized(caller);
        vm.prank(caller);
        holder.acceptOwnership();
    }

    function testFuzz_ownership_isOfferedByNobodyElse(address caller) public {
        vm.assume(caller != alice);
        _expectUnauthorized(caller);
        vm.prank(caller);
        holder.transferOwnership(caller);
    }

    function test_ownership_cannotBeRenounced() public {
        vm.expectRevert(ITokenHolder.OwnershipCannotBeRenounced.selector);
        vm.prank(alice);
        holder.renounceOwnership();
    }

    function test_initialize_again_reverts() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        holder.initialize(address(token), stranger);
    }

    function _expectUnauthorized(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(OwnableUpgradeable.OwnableUnauthorizedAccount.selector, caller)
        );
    }
}
