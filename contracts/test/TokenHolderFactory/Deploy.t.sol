// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {TokenHolder} from "../../src/TokenHolder.sol";
import {TokenHolderFactory} from "../../src/TokenHolderFactory.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {ITokenHolderFactory} from "../../src/interfaces/ITokenHolderFactory.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {HostileToken} from "../support/HostileToken.sol";
import {vm} from "../support/Vm.sol";

contract DeployTest is BaseTest {
    function testFuzz_deploy_givesCustodyToTheOwner(bytes12 userSalt, address holderOwner) public {
        vm.assume(holderOwner != address(0));
        address expected = _holder(userSalt);
        vm.expectEmit(address(holderFactory));
        emit ITokenHolderFactory.HolderDeployed(address(token), userSalt, expected, holderOwner);
        TokenHolder holder = _deployHolder(userSalt, holderOwner);
        vm.assertEq(address(holder), expected, "address");
        vm.assertEq(holder.owner(), holderOwner, "owner");
        vm.assertEq(holder.token(), address(token), "token");
        vm.assertTrue(token.isSelfCustodied(expected), "custody");
    }

    function test_deploy_keepsWhatArrivedBefore() public {
        _mint(aliceHolder, 10);
        _deployHolder(aliceSalt, alice);
        vm.assertEq(token.balanceOf(aliceHolder), 10, "balance");
    }

    function test_deploy_twice_reverts() public {
        _deployHolder(aliceSalt, alice);
        vm.expectRevert(abi.encodeWithSelector(ITokenHolderFactory.HolderExists.selector, aliceHolder));
        _deployHolder(aliceSalt, stranger);
    }

    function test_deploy_withoutOwner_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(OwnableUpgradeable.OwnableInvalidOwner.selector, address(0)));
        _deployHolder(aliceSalt, address(0));
    }

    function testFuzz_deploy_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != admin);
        vm.expectRevert(abi.encodeWithSelector(ITokenHolderFactory.OnlyAdmin.selector, caller));
        vm.prank(caller);
        holderFactory.deploy(address(token), aliceSalt, alice);
    }

    function test_deploy_forAnAddressWithoutCode_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenHolderFactory.UnknownToken.selector, stranger));
        vm.prank(admin);
        holderFactory.deploy(stranger, aliceSalt, alice);
    }

    function test_deploy_forATokenOfAnotherFactory_reverts() public {
        TokenHolderFactory other = TokenHolderFactory(vm.deployCode("TokenHolderFactory.sol", ""));
        vm.expectRevert(abi.encodeWithSelector(ITokenHolderFactory.UnknownToken.selector, address(token)));
        vm.prank(admin);
        other.deploy(address(token), aliceSalt, alice);
    }

    function test_deploy_forAHostileToken_givesAwayOnlyItsOwnHolders() public {
        HostileToken hostile = new HostileToken(address(holderFactory));
        vm.prank(stranger);
        address holder = holderFactory.deploy(address(hostile), aliceSalt, stranger);
        vm.assertNotEq(holder, aliceHolder, "holder");
        vm.assertEq(aliceHolder.code.length, 0, "code of the honest holder");
        vm.assertFalse(token.isSelfCustodied(aliceHolder), "custody of the honest holder");
    }

    function test_implementation_cannotBeInitialised() public {
        TokenHolder implementation = TokenHolder(payable(holderFactory.HOLDER_IMPLEMENTATION()));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(address(token), stranger);
    }

    function test_deploy_isTheOnlyWayToMarkAHolder() public {
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyHolderFactory.selector, operator));
        vm.prank(operator);
        token.markSelfCustodied(aliceHolder);
    }
}
