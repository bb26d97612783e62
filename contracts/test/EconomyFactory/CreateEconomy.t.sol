// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IEconomyFactory} from "../../src/interfaces/IEconomyFactory.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {TokenRules} from "../../src/TokenRules.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract CreateEconomyTest is BaseTest {
    function testFuzz_createEconomy_putsItWhereItWasPredicted(bytes32 economyId) public {
        vm.assume(economyId != ECONOMY_ID);
        (address predictedToken, address predictedRules) = economyFactory.predict(economyId);
        vm.expectEmit(address(economyFactory));
        emit IEconomyFactory.EconomyCreated(economyId, predictedToken, predictedRules);
        (UtilityBrandedToken created, TokenRules createdRules) = _createEconomy(economyId);
        vm.assertEq(address(created), predictedToken, "token");
        vm.assertEq(address(createdRules), predictedRules, "rules");
        vm.assertEq(created.tokenRules(), predictedRules, "rules of the token");
        vm.assertEq(createdRules.token(), predictedToken, "token of the rules");
    }

    function testFuzz_createEconomy_usesWhatItWasGiven(string calldata name, string calldata symbol) public {
        IEconomyFactory.EconomyParams memory params = _economyParams(keccak256("another"));
        (params.name, params.symbol, params.decimals) = (name, symbol, 6);
        params.operators = new address[](2);
        (params.operators[0], params.operators[1]) = (alice, bob);
        vm.prank(deployer);
        (address created, address createdRules) = economyFactory.createEconomy(params);
        TokenRules rules_ = TokenRules(createdRules);
        vm.assertEq(UtilityBrandedToken(created).name(), name, "name");
        vm.assertEq(UtilityBrandedToken(created).symbol(), symbol, "symbol");
        vm.assertEq(UtilityBrandedToken(created).decimals(), 6, "decimals");
        vm.assertEq(UtilityBrandedToken(created).minter(), address(faucet), "minter");
        vm.assertTrue(rules_.hasRole(rules_.OPERATOR_ROLE(), alice), "first operator");
        vm.assertTrue(rules_.hasRole(rules_.OPERATOR_ROLE(), bob), "second operator");
        vm.assertFalse(rules_.hasRole(rules_.OPERATOR_ROLE(), operator), "no other operator");
    }

    function test_createEconomy_twice_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IEconomyFactory.EconomyExists.selector, ECONOMY_ID));
        _createEconomy(ECONOMY_ID);
    }

    function testFuzz_createEconomy_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != deployer);
        IEconomyFactory.EconomyParams memory params = _economyParams(keccak256("another"));
        _expectMissingRole(caller, economyFactory.DEPLOYER_ROLE());
        vm.prank(caller);
        economyFactory.createEconomy(params);
    }

    function testFuzz_createEconomy_withAMinterThatIsNotAllowed_reverts(address minter) public {
        vm.assume(minter != address(faucet));
        IEconomyFactory.EconomyParams memory params = _economyParams(keccak256("another"));
        params.minter = minter;
        vm.expectRevert(abi.encodeWithSelector(IEconomyFactory.MinterNotAllowed.selector, minter));
        vm.prank(deployer);
        economyFactory.createEconomy(params);
    }

    function test_createEconomy_withTooManyDecimals_leavesNothing() public {
        IEconomyFactory.EconomyParams memory params = _economyParams(keccak256("another"));
        params.decimals = 19;
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.TooManyDecimals.selector, 19));
        vm.prank(deployer);
        economyFactory.createEconomy(params);
        (address predicted,) = economyFactory.predict(params.economyId);
        vm.assertEq(predicted.code.length, 0, "code");
    }
}
