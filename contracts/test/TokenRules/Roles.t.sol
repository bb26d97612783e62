// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract RolesTest is BaseTest {
    function test_admin_appointsAndDismissesOperators() public {
        bytes32 role = rules.OPERATOR_ROLE();
        vm.prank(admin);
        rules.grantRole(role, stranger);
        vm.prank(stranger);
        rules.executeBatch(BATCH_ID, "");
        vm.prank(admin);
        rules.revokeRole(role, stranger);
        _expectMissingRole(stranger, role);
        vm.prank(stranger);
        rules.executeBatch(BATCH_ID, "");
    }

    function test_owner_appointsAndDismissesAdmins() public {
        bytes32 role = rules.ADMIN_ROLE();
        vm.prank(owner);
        rules.grantRole(role, stranger);
        vm.assertTrue(rules.hasRole(role, stranger), "appointed");
        vm.prank(owner);
        rules.revokeRole(role, stranger);
        vm.assertFalse(rules.hasRole(role, stranger), "dismissed");
    }

    function testFuzz_anyoneElse_appointsNoOperator(address caller) public {
        vm.assume(caller != admin);
        bytes32 role = rules.OPERATOR_ROLE();
        _expectMissingRole(caller, rules.ADMIN_ROLE());
        vm.prank(caller);
        rules.grantRole(role, caller);
    }

    function testFuzz_anyoneElse_appointsNoAdmin(address caller) public {
        vm.assume(caller != owner);
        bytes32 role = rules.ADMIN_ROLE();
        _expectMissingRole(caller, bytes32(0));
        vm.prank(caller);
        rules.grantRole(role, caller);
    }

    function test_ownership_changesInTwoSteps() public {
        vm.prank(owner);
        rules.beginDefaultAdminTransfer(stranger);
        vm.assertEq(rules.owner(), owner, "still the old owner");
        vm.warp(block.timestamp + 1);
        vm.prank(stranger);
        rules.acceptDefaultAdminTransfer();
        vm.assertEq(rules.owner(), stranger, "the new owner");
        _expectMissingRole(owner, bytes32(0));
        vm.prank(owner);
        rules.setCaps(1, 1, 1);
    }

    function testFuzz_ownership_isAcceptedByNobodyElse(address caller) public {
        vm.assume(caller != stranger);
        vm.prank(owner);
        rules.beginDefaultAdminTransfer(stranger);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, caller
            )
        );
        vm.prank(caller);
        rules.acceptDefaultAdminTransfer();
    }

    function testFuzz_ownership_isOfferedByNobodyElse(address caller) public {
        vm.assume(caller != owner);
        _expectMissingRole(caller, bytes32(0));
        vm.prank(caller);
        rules.beginDefaultAdminTransfer(caller);
    }

    function test_ownership_canBeWithdrawnBeforeItIsAccepted() public {
        vm.startPrank(owner);
        rules.beginDefaultAdminTransfer(stranger);
        rules.cancelDefaultAdminTransfer();
        vm.stopPrank();
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, stranger
            )
        );
        vm.prank(stranger);
        rules.acceptDefaultAdminTransfer();
    }
}
