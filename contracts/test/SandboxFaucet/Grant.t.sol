// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {ISandboxFaucet} from "../../src/interfaces/ISandboxFaucet.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract GrantTest is BaseTest {
    function testFuzz_grant_mints(uint256 amount) public {
        amount = _bound(amount, 0, MAX_PER_GRANT);
        vm.expectEmit(address(faucet));
        emit ISandboxFaucet.Granted(address(token), alice, amount);
        _grant(amount);
        vm.assertEq(token.balanceOf(alice), amount, "balance");
        vm.assertEq(faucet.granted(address(token)), amount, "granted");
    }

    function testFuzz_grant_ofMoreThanOneGrantMay_reverts(uint256 amount) public {
        vm.assume(amount > MAX_PER_GRANT);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISandboxFaucet.GrantCapExceeded.selector, address(token), amount, MAX_PER_GRANT
            )
        );
        _grant(amount);
    }

    function testFuzz_grant_ofMoreThanAllGrantsMay_reverts(uint120 first, uint120 second) public {
        first = uint120(_bound(first, 1, 1000));
        second = uint120(_bound(second, 1001 - first, 1000));
        vm.prank(platformOwner);
        faucet.setTokenCaps(address(token), 1000, 1000);
        _grant(first);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISandboxFaucet.TotalCapExceeded.selector, address(token), second, 1000 - first
            )
        );
        _grant(second);
        _grant(1000 - first);
        vm.assertEq(token.totalSupply(), 1000, "supply");
    }

    function test_grant_countsEveryTokenAlone() public {
        (UtilityBrandedToken other,) = _createEconomy(keccak256("another"));
        _grant(5);
        vm.prank(granter);
        faucet.grant(address(other), alice, 7);
        vm.assertEq(faucet.granted(address(token)), 5, "first");
        vm.assertEq(faucet.granted(address(other)), 7, "second");
    }

    function testFuzz_grant_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != granter);
        _expectMissingRole(caller, faucet.GRANTER_ROLE());
        vm.prank(caller);
        faucet.grant(address(token), caller, 1);
    }

    function test_grant_ofATokenWithAnotherMinter_reverts() public {
        UtilityBrandedToken fresh = _tokenWithMinter(stranger);
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyMinter.selector, address(faucet)));
        vm.prank(granter);
        faucet.grant(address(fresh), alice, 1);
        vm.assertEq(faucet.granted(address(fresh)), 0, "granted");
    }

    function _grant(uint256 amount) private {
        vm.prank(granter);
        faucet.grant(address(token), alice, amount);
    }

    function _tokenWithMinter(address minter) private returns (UtilityBrandedToken fresh) {
        fresh = UtilityBrandedToken(_clone(economyFactory.TOKEN_IMPLEMENTATION()));
        fresh.initialize("Fresh", "F", 18, minter, address(rules));
    }
}
