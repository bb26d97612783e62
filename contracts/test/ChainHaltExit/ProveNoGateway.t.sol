// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {AbsenceProofLib} from "../../src/libraries/AbsenceProofLib.sol";
import {IChainHaltExit} from "../../src/interfaces/IChainHaltExit.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {StateProofLib} from "../../src/libraries/StateProofLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

/// @dev No root came after the first one, which is of a block before the gateway was there.
contract ProveNoGatewayTest is ProtocolTest {
    function test_proveNoGateway_letsStakesGoBack() public {
        Intent memory intent = _stakeIntent(30e18);
        _stake(intent);
        vm.warp(START + HALT_AFTER);
        gateway.halt();
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.GatewayNotProven.selector));
        exit.exitStake(intent, false, new bytes[](0));
        bytes[] memory proof = utilityState.accountProof(1, address(coGateway));
        exit.proveNoGateway(proof);
        exit.exitStake(intent, false, new bytes[](0));
        vm.assertEq(ost.balanceOf(staker), 1_000_000e18, "all back");
    }

    function test_proveNoGateway_whereThereIsOne_reverts() public {
        utilityState.track(address(coGateway));
        uint256 height = _anchorUtility();
        vm.warp(START + HALT_AFTER);
        gateway.halt();
        bytes[] memory proof = utilityState.accountProof(height, address(coGateway));
        bytes32 key = StateProofLib.accountKey(address(coGateway));
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.KeyPresent.selector, key));
        exit.proveNoGateway(proof);
    }
}
