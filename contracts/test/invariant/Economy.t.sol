// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";
import {EconomyHandler} from "./EconomyHandler.sol";

contract EconomyInvariantTest is BaseTest {
    EconomyHandler private handler;

    function setUp() public override {
        super.setUp();
        EconomyHandler.Actors memory actors =
            EconomyHandler.Actors(owner, admin, operator, granter, alice, stranger);
        handler = new EconomyHandler(token, rules, holderFactory, faucet, actors);
    }

    /// @dev Read by forge: only the handler is called.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_supplyEqualsBalances() public view {
        uint256[] memory balances = token.balancesOf(handler.holders());
        uint256 sum = 0;
        for (uint256 i = 0; i < balances.length; ++i) {
            sum += balances[i];
        }
        vm.assertEq(sum, token.totalSupply(), "balances and supply");
        vm.assertEq(token.totalSupply(), handler.minted() - handler.burned(), "supply and what was minted");
    }

    function invariant_operatorMovesOnlyManagedHolders() public view {
        vm.assertFalse(handler.foreignBalanceFell(), "balance of somebody else fell");
    }

    function invariant_capsHold() public view {
        vm.assertFalse(handler.itemCapBroken(), "cap of a payment");
        vm.assertFalse(handler.windowCapBroken(), "cap of a window");
        vm.assertEq(rules.windowUsed(), handler.expectedWindowUsed(), "what moved in the window");
    }

    function invariant_everyPaymentIsAnswered() public view {
        vm.assertFalse(handler.logsDisagree(), "executed + skipped");
    }
}
