// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ICoGateway} from "../../src/interfaces/ICoGateway.sol";
import {IEconomyFactory} from "../../src/interfaces/IEconomyFactory.sol";
import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {IUtilityBrandedToken} from "../../src/interfaces/IUtilityBrandedToken.sol";
import {EconomyTerms, EconomyTermsLib} from "../../src/libraries/EconomyTermsLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

contract RegisterEconomyTest is ProtocolTest {
    function test_registerEconomy_theTokenHasNoOtherMinter() public {
        vm.assertEq(backed.minter(), address(coGateway), "minter");
        vm.assertEq(coGateway.economyOf(address(backed)), economy, "economy");
        vm.prank(address(faucet));
        vm.expectRevert(abi.encodeWithSelector(IUtilityBrandedToken.OnlyMinter.selector, address(faucet)));
        backed.mint(alice, 1);
    }

    function test_registerEconomy_secondTermsOfAToken_reverts() public {
        terms.rate += 1;
        _expectRefusal(abi.encodeWithSelector(ICoGateway.TokenTaken.selector, address(backed)));
    }

    function test_registerEconomy_tokenOfTheFaucet_reverts() public {
        terms.utilityToken = address(token);
        _expectRefusal(abi.encodeWithSelector(IMessageGateway.TermsContradictToken.selector, address(token)));
    }

    function test_registerEconomy_whatTheTokenDenies_reverts() public {
        EconomyTerms memory right = _freshTerms();
        bytes memory error =
            abi.encodeWithSelector(IMessageGateway.TermsContradictToken.selector, right.utilityToken);
        terms.utilityDecimals = 6;
        _expectRefusal(error);
        terms = right;
        terms.holderFactory = stranger;
        _expectRefusal(error);
        terms = right;
        terms.holderInitCodeHash = keccak256("other");
        _expectRefusal(error);
    }

    function test_registerEconomy_impossibleTerms_reverts() public {
        EconomyTerms memory right = _freshTerms();
        bytes memory error = abi.encodeWithSelector(EconomyTermsLib.InvalidTerms.selector);
        terms.rate = 0;
        _expectRefusal(error);
        terms = right;
        terms.rateDecimals = 6;
        _expectRefusal(error);
        terms = right;
        terms.valueDecimals = 19;
        _expectRefusal(error);
        terms = right;
        terms.valueToken = address(0);
        _expectRefusal(error);
    }

    function test_registerEconomy_byAnyoneElse_reverts() public {
        bytes32 role = coGateway.REGISTRAR_ROLE();
        _expectMissingRole(stranger, role);
        vm.prank(stranger);
        coGateway.registerEconomy(terms, 1, 1);
    }

    function test_setMintLimit_byAnyoneElse_reverts() public {
        _expectMissingRole(registrar, 0);
        vm.prank(registrar);
        coGateway.setMintLimit(economy, 1, 1);
    }

    /// @dev Terms of a token that no economy has yet.
    function _freshTerms() private returns (EconomyTerms memory) {
        IEconomyFactory.EconomyParams memory params = _economyParams(keccak256("fresh"));
        params.minter = address(coGateway);
        vm.prank(deployer);
        (terms.utilityToken,) = economyFactory.createEconomy(params);
        return terms;
    }

    function _expectRefusal(bytes memory error) private {
        vm.prank(registrar);
        vm.expectRevert(error);
        coGateway.registerEconomy(terms, type(uint128).max, 1 days);
    }
}
