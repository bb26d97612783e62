// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract BalancesOfTest is BaseTest {
    function testFuzz_balancesOf_answersInOrder(uint64 first, uint64 second) public {
        address[] memory holders = new address[](4);
        (holders[0], holders[1], holders[2], holders[3]) = (alice, bob, stranger, alice);
        _mint(alice, first);
        _mint(bob, second);
        uint256[] memory expected = new uint256[](4);
        (expected[0], expected[1], expected[3]) = (first, second, first);
        vm.assertEq(token.balancesOf(holders), expected, "balances");
    }

    function test_balancesOf_nobody_isEmpty() public view {
        vm.assertEq(token.balancesOf(new address[](0)).length, 0, "length");
    }
}
