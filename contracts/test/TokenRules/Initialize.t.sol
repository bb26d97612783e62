// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {TokenRules} from "../../src/TokenRules.sol";
import {ITokenRules} from "../../src/interfaces/ITokenRules.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract InitializeTest is BaseTest {
    function test_initialize_appointsOwnerAdminAndOperators() public view {
        vm.assertEq(rules.owner(), owner, "owner");
        vm.assertTrue(rules.hasRole(rules.ADMIN_ROLE(), admin), "admin");
        vm.assertTrue(rules.hasRole(rules.OPERATOR_ROLE(), operator), "operator");
        vm.assertEq(rules.getRoleAdmin(rules.OPERATOR_ROLE()), rules.ADMIN_ROLE(), "who appoints operators");
        vm.assertEq(rules.getRoleAdmin(rules.ADMIN_ROLE()), bytes32(0), "who appoints admins");
        vm.assertEq(rules.token(), address(token), "token");
        vm.assertFalse(rules.paused(), "paused");
    }

    function test_initialize_setsNoLimit() public view {
        (uint96 perPayment, uint128 perWindow, uint32 windowSeconds) = rules.caps();
        vm.assertEq(perPayment, type(uint96).max, "per payment");
        vm.assertEq(perWindow, type(uint128).max, "per window");
        vm.assertEq(windowSeconds, 1 days, "window");
        vm.assertEq(rules.windowUsed(), 0, "used");
    }

    function test_initialize_emitsTheCaps() public {
        TokenRules fresh = _fresh();
        vm.expectEmit(address(fresh));
        emit ITokenRules.CapsChanged(type(uint96).max, type(uint128).max, 1 days);
        fresh.initialize(address(token), owner, admin, new address[](0));
    }

    function test_initialize_withoutAdmin_appointsNone() public {
        TokenRules fresh = _fresh();
        fresh.initialize(address(token), owner, address(0), new address[](0));
        vm.assertFalse(fresh.hasRole(fresh.ADMIN_ROLE(), address(0)), "admin");
    }

    function test_initialize_withoutOwner_reverts() public {
        TokenRules fresh = _fresh();
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, address(0)
            )
        );
        fresh.initialize(address(token), address(0), admin, new address[](0));
    }

    function test_initialize_twice_reverts() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        rules.initialize(address(token), stranger, stranger, new address[](0));
    }

    function test_initialize_ofTheImplementation_reverts() public {
        TokenRules implementation = TokenRules(economyFactory.TOKEN_RULES_IMPLEMENTATION());
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(address(token), stranger, stranger, new address[](0));
    }

    function _fresh() private returns (TokenRules) {
        return TokenRules(Clones.clone(economyFactory.TOKEN_RULES_IMPLEMENTATION()));
    }
}
