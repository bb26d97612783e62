// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {IValueToken} from "../../src/interfaces/IValueToken.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

contract GrantTest is ProtocolTest {
    function test_grant_withinTheCap() public {
        vm.expectEmit(address(ost));
        emit IValueToken.Granted(alice, 5e18);
        _grantOst(alice, 5e18);
        vm.assertEq(ost.balanceOf(alice), 5e18, "balance");
    }

    function test_grant_aboveTheCap_reverts() public {
        uint256 max = ost.maxPerGrant();
        vm.prank(granter);
        vm.expectRevert(abi.encodeWithSelector(IValueToken.GrantCapExceeded.selector, max + 1, max));
        ost.grant(alice, max + 1);
    }

    function test_grant_aboveTheSupplyOfTheOriginal_reverts() public {
        uint256 max = ost.maxPerGrant();
        vm.startPrank(granter);
        while (ost.totalSupply() + max <= ost.cap()) {
            ost.grant(alice, max);
        }
        uint256 supply = ost.totalSupply() + max;
        vm.expectRevert(abi.encodeWithSelector(ERC20Capped.ERC20ExceededCap.selector, supply, 800_000_000e18));
        ost.grant(alice, max);
        vm.stopPrank();
    }

    function test_grant_byAnyoneElse_reverts() public {
        bytes32 role = ost.FAUCET_ROLE();
        _expectMissingRole(stranger, role);
        vm.prank(stranger);
        ost.grant(stranger, 1);
    }
}
