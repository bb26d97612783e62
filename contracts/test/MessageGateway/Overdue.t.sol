// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ICoGateway} from "../../src/interfaces/ICoGateway.sol";
import {IGateway} from "../../src/interfaces/IGateway.sol";
import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

/// @dev Messages that nobody finished in time: anyone takes them back, and it costs their sender no penalty.
contract OverdueTest is ProtocolTest {
    address private constant BURNER = 0x000000000000000000000000000000000000dEaD;
    uint256 private constant OVERDUE_AFTER = 7 days;

    function test_constant_isTheSameOnBothSides() public view {
        vm.assertEq(gateway.OVERDUE_AFTER(), OVERDUE_AFTER, "gateway");
        vm.assertEq(coGateway.OVERDUE_AFTER(), OVERDUE_AFTER, "co-gateway");
        vm.assertLe(2 * OVERDUE_AFTER, HALT_AFTER, "well before the exit");
    }

    function test_stake_overdueAndNotConfirmed_isRefundedWithoutPenalty() public {
        (Intent memory intent, bytes32 message) = _staked();
        uint256 before = ost.balanceOf(staker);
        _revokeOverdueStake(intent);
        _confirmStake(intent, message);
        _finishStakeRevocation(intent, message);
        vm.assertEq(ost.balanceOf(staker), before + intent.amount, "all but the bounty");
        _assertOnlyTheBountyWasPaid(message);
    }

    /// @dev Whoever confirmed has its chance to finish the revocation, for the bounty that it worked for.
    function test_stake_overdueAndConfirmed_isRefundedAndNeverMinted() public {
        (Intent memory intent, bytes32 message) = _staked();
        _confirmStake(intent, message);
        _revokeOverdueStake(intent);
        _anchorValue();
        _finishStakeRevocation(intent, message);
        _assertOnlyTheBountyWasPaid(message);
        _onUtilityChain();
        _expectStatus(message, MessageStatus.Revoked);
        coGateway.progressMint(intent, SECRET);
        vm.assertEq(backed.totalSupply(), 0, "nothing minted");
    }

    /// @dev A stranger who is late takes nothing from anybody: what was minted stays a stake, and its bounty is there.
    function test_stake_overdueButMinted_staysAStake() public {
        (Intent memory intent, bytes32 message) = _staked();
        _confirmStake(intent, message);
        _mint(intent);
        _revokeOverdueStake(intent);
        uint256 height = _anchorUtility();
        bytes[] memory proof = _inboxProofOfUtility(height, message);
        _expectRemoteStatus(message, MessageStatus.Progressed);
        gateway.progressStakeRevocation(intent, height, proof);
        vm.prank(facilitator);
        gateway.progressStakeWithProof(intent, height, proof);
        vm.assertEq(ost.balanceOf(facilitator), BOUNTY, "bounty");
        (uint256 vault, uint256 inFlight,) = gateway.vault(economy);
        vm.assertEq(vault, intent.amount, "staked");
        vm.assertEq(inFlight, 0, "in flight");
    }

    /// @dev Declared on the source is not refunded yet: until the target learned of it, the secret still mints.
    function test_stake_revokedOverdueWhileItIsMinted_isMintedOnly() public {
        (Intent memory intent, bytes32 message) = _staked();
        _confirmStake(intent, message);
        _revokeOverdueStake(intent);
        uint256 height = _anchorValue();
        bytes[] memory proof = _outboxProofOfValue(height, message);
        _mint(intent);
        _expectStatus(message, MessageStatus.Progressed);
        coGateway.confirmStakeRevocation(intent, height, proof);
        height = _anchorUtility();
        gateway.progressStakeWithProof(intent, height, _inboxProofOfUtility(height, message));
        vm.assertEq(uint256(gateway.outboxStatus(message)), uint256(MessageStatus.Progressed), "kept");
    }

    function test_stake_revokedByItsSenderOnceOverdue_costsNoPenalty() public {
        (Intent memory intent, bytes32 message) = _staked();
        vm.warp(START + OVERDUE_AFTER + 1);
        vm.prank(staker);
        vm.expectEmit(address(gateway));
        emit IGateway.StakeRevocationDeclared(message, economy, staker, 0);
        gateway.revokeStake(intent);
        vm.assertEq(ost.balanceOf(BURNER), 0, "penalty");
    }

    function test_stake_revokedByItsSenderInTheLastSecond_costsThePenalty() public {
        (Intent memory intent,) = _staked();
        vm.warp(START + OVERDUE_AFTER);
        vm.prank(staker);
        gateway.revokeStake(intent);
        vm.assertEq(ost.balanceOf(BURNER), BOUNTY * 3 / 2, "penalty");
    }

    function test_redeem_overdue_returnsTheTokensWithoutPenalty() public {
        _stakeAndMint(100e18);
        uint256 before = backed.balanceOf(company);
        Intent memory intent = _redeemIntent(company, 5_000e18);
        intent.deadline = START;
        bytes32 message = _redeem(intent);
        _expectOnlySender();
        coGateway.revokeRedeem(intent);
        vm.warp(START + OVERDUE_AFTER + 1);
        vm.expectEmit(address(coGateway));
        emit ICoGateway.RedeemRevocationDeclared(message, economy, company, 0);
        vm.prank(stranger);
        coGateway.revokeRedeem(intent);
        _confirmRedeem(intent, message);
        uint256 height = utilityState.height();
        gateway.confirmRedeemRevocation(intent, height, _outboxProofOfUtility(height, message));
        height = _anchorValue();
        bytes[] memory proof = _inboxProofOfValue(height, message);
        vm.prank(facilitator);
        coGateway.progressRedeemRevocation(intent, height, proof);
        vm.assertEq(backed.balanceOf(company), before - BOUNTY, "tokens");
        vm.assertEq(backed.balanceOf(facilitator), FEE + BOUNTY, "bounty");
        vm.assertEq(backed.balanceOf(BURNER), 0, "penalty");
        vm.assertEq(backed.totalSupply(), 10_000e18, "nothing burned");
    }

    /// @dev All statuses x a stranger who calls when it is overdue: one transition, on both sides.
    function test_revokeOverdue_allStatuses_leavesDeclaredOnly() public {
        Intent memory ofStake = _stakeIntent(100e18);
        Intent memory ofRedeem = _redeemIntent(company, 5_000e18);
        (ofStake.deadline, ofRedeem.deadline) = (START, START);
        vm.warp(START + OVERDUE_AFTER + 1);
        for (uint256 status = 0; status <= uint256(type(MessageStatus).max); ++status) {
            _onValueChain();
            bytes memory call = abi.encodeCall(gateway.revokeStake, (ofStake));
            _checkTransition(address(gateway), call, gateway.stakeHash(ofStake), status);
            _onUtilityChain();
            call = abi.encodeCall(coGateway.revokeRedeem, (ofRedeem));
            _checkTransition(address(coGateway), call, coGateway.redeemHash(ofRedeem), status);
        }
    }

    /// @dev Whatever deadline a sender signs, also one that nothing can be added to.
    function testFuzz_overdue_isMoreThanAWeekAfterTheDeadline(uint256 deadline, uint256 time) public {
        Intent memory intent = _stakeIntent(100e18);
        // Half of them close to the edge, which random words would never find.
        intent.deadline = _bound(deadline, START, deadline % 2 == 0 ? START + 30 days : type(uint256).max);
        time = _bound(time, START, START + 40 days);
        _stake(intent);
        vm.warp(time);
        bool isOverdue = time > intent.deadline && time - intent.deadline > OVERDUE_AFTER;
        if (!isOverdue) _expectOnlySender();
        vm.prank(stranger);
        gateway.revokeStake(intent);
    }

    /// @dev What a managed wallet redeems is never too late.
    function test_overdue_ofAHundredYears_neverComes() public {
        Intent memory intent = _stakeIntent(100e18);
        intent.deadline = type(uint256).max;
        _stake(intent);
        vm.warp(type(uint64).max);
        _expectOnlySender();
        gateway.revokeStake(intent);
    }

    function _staked() private returns (Intent memory intent, bytes32 message) {
        intent = _stakeIntent(100e18);
        intent.deadline = START;
        message = _stake(intent);
    }

    function _revokeOverdueStake(Intent memory intent) private {
        _onValueChain();
        vm.warp(START + OVERDUE_AFTER);
        _expectOnlySender();
        gateway.revokeStake(intent);
        vm.warp(START + OVERDUE_AFTER + 1);
        vm.prank(stranger);
        gateway.revokeStake(intent);
        vm.assertEq(ost.balanceOf(stranger), 0, "nothing to gain");
    }

    function _expectOnlySender() private {
        vm.expectPartialRevert(IMessageGateway.OnlySender.selector);
    }

    /// @dev The revocation is anchored already.
    function _finishStakeRevocation(Intent memory intent, bytes32 message) private {
        _onUtilityChain();
        uint256 height = valueState.height();
        coGateway.confirmStakeRevocation(intent, height, _outboxProofOfValue(height, message));
        height = _anchorUtility();
        bytes[] memory proof = _inboxProofOfUtility(height, message);
        vm.prank(facilitator);
        gateway.progressStakeRevocation(intent, height, proof);
    }

    function _assertOnlyTheBountyWasPaid(bytes32 message) private view {
        vm.assertEq(uint256(gateway.outboxStatus(message)), uint256(MessageStatus.Revoked), "outbox");
        vm.assertEq(ost.balanceOf(facilitator), BOUNTY, "bounty");
        vm.assertEq(ost.balanceOf(BURNER), 0, "penalty");
        vm.assertEq(ost.balanceOf(address(gateway)), 0, "left");
    }

    function _checkTransition(address at, bytes memory call, bytes32 message, uint256 status) private {
        bytes32 slot = MessageBusLib.outboxSlot(message);
        vm.store(at, slot, bytes32(status));
        vm.prank(stranger);
        (bool success, bytes memory answer) = at.call(call);
        bool isDeclared = status == uint256(MessageStatus.Declared);
        vm.assertEq(success, isDeclared, "allowed");
        uint256 next = isDeclared ? uint256(MessageStatus.DeclaredRevocation) : status;
        vm.assertEq(uint256(vm.load(at, slot)), next, "status");
        if (success) return;
        bytes memory expected =
            abi.encodeWithSelector(MessageBusLib.UnexpectedStatus.selector, message, status);
        vm.assertEq(answer, expected, "error");
    }
}
