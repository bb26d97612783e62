// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract InitializeTest is BaseTest {
    function test_initialize_setsWhatTheEconomyAskedFor() public view {
        vm.assertEq(token.name(), "Branded Token", "name");
        vm.assertEq(token.symbol(), "BT", "symbol");
        vm.assertEq(token.decimals(), 18, "decimals");
        vm.assertEq(token.minter(), address(faucet), "minter");
        vm.assertEq(token.tokenRules(), address(rules), "token rules");
        vm.assertEq(token.holderFactory(), address(holderFactory), "holder factory");
        vm.assertEq(token.totalSupply(), 0, "supply");
        vm.assertEq(token.maxSupply(), type(uint128).max, "max supply");
    }

    function test_initialize_twice_reverts() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        token.initialize("Other", "O", 18, stranger, stranger);
    }

    function test_initialize_ofTheImplementation_reverts() public {
        UtilityBrandedToken implementation = UtilityBrandedToken(economyFactory.TOKEN_IMPLEMENTATION());
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize("Other", "O", 18, stranger, stranger);
    }

    function testFuzz_initialize_acceptsUpTo18Decimals(uint8 decimals) public {
        UtilityBrandedToken fresh = UtilityBrandedToken(Clones.clone(economyFactory.TOKEN_IMPLEMENTATION()));
        if (decimals > 18) {
            vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.TooManyDecimals.selector, decimals));
        }
        fresh.initialize("Fresh", "F", decimals, stranger, stranger);
        vm.assertEq(fresh.decimals(), decimals > 18 ? 0 : decimals, "decimals");
    }

    function testFuzz_account_standsWhereTheLibrarySays(address holder, uint128 balance) public {
        vm.assume(holder != address(0));
        uint256 space = uint256(keccak256("ost-kit.storage.UtilityBrandedToken.accounts")) >> 160 << 160;
        _mint(holder, balance);
        bytes32 account = vm.load(address(token), bytes32(space | uint160(holder)));
        vm.assertEq(uint256(account), balance, "account");
    }

    function test_storage_standsAtItsNamespace() public {
        bytes32 namespace = keccak256(
            abi.encode(uint256(keccak256("ost-kit.storage.UtilityBrandedToken")) - 1)
        ) & ~bytes32(uint256(0xff));
        _mint(alice, 7);
        vm.assertEq(uint256(vm.load(address(token), namespace)), 7, "supply");
    }
}
