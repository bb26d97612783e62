// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {ITokenRules} from "../../src/interfaces/ITokenRules.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract PauseTest is BaseTest {
    function test_pause_byAdminOrOwner_stopsAndLetsGo() public {
        address[2] memory callers = [admin, owner];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectEmit(address(rules));
            emit PausableUpgradeable.Paused(callers[i]);
            vm.prank(callers[i]);
            rules.pause();
            vm.assertTrue(rules.paused(), "paused");
            vm.expectEmit(address(rules));
            emit PausableUpgradeable.Unpaused(callers[i]);
            vm.prank(callers[i]);
            rules.unpause();
            _execute("");
        }
    }

    function testFuzz_pause_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != admin && caller != owner);
        vm.expectRevert(abi.encodeWithSelector(ITokenRules.OnlyAdminOrOwner.selector, caller));
        vm.prank(caller);
        rules.pause();
    }

    function testFuzz_unpause_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != admin && caller != owner);
        vm.prank(admin);
        rules.pause();
        vm.expectRevert(abi.encodeWithSelector(ITokenRules.OnlyAdminOrOwner.selector, caller));
        vm.prank(caller);
        rules.unpause();
    }

    function test_pause_doesNotTouchSelfCustody() public {
        _mint(aliceHolder, 10);
        vm.prank(admin);
        rules.pause();
        _deployHolder(aliceSalt, alice);
        vm.prank(aliceHolder);
        vm.assertTrue(token.transfer(bob, 10), "transfer");
    }
}
