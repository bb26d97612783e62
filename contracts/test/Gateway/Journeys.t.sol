// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {IGateway} from "../../src/interfaces/IGateway.sol";
import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

/// @dev Messages from end to end, over both chains.
contract JourneysTest is ProtocolTest {
    address private constant BURNER = 0x000000000000000000000000000000000000dEaD;

    function test_stake_bySecret_mintsAtTheRate() public {
        _stakeAndMint(100e18);
        vm.assertEq(backed.balanceOf(company), 10_000e18 - FEE, "beneficiary");
        vm.assertEq(backed.balanceOf(facilitator), FEE, "fee");
        vm.assertEq(ost.balanceOf(facilitator), BOUNTY, "bounty");
        _assertVault(100e18, 0);
    }

    function test_stake_byProofsAlone_mints() public {
        Intent memory intent = _stakeIntent(100e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        uint256 height = valueState.height();
        bytes[] memory proof = _outboxProofOfValue(height, message);
        coGateway.progressMintWithProof(intent, height, proof);
        height = _anchorUtility();
        proof = _inboxProofOfUtility(height, message);
        gateway.progressStakeWithProof(intent, height, proof);
        _assertVault(100e18, 0);
        vm.assertEq(backed.totalSupply(), 10_000e18, "supply");
    }

    function test_redeem_bySecret_paysAtTheRate() public {
        _stakeAndMint(100e18);
        Intent memory intent = _redeemIntent(company, 5_000e18);
        bytes32 message = _redeem(intent);
        _confirmRedeem(intent, message);
        vm.prank(facilitator);
        gateway.progressUnstake(intent, SECRET);
        _onUtilityChain();
        vm.prank(facilitator);
        coGateway.progressRedeem(intent, SECRET);
        vm.assertEq(ost.balanceOf(bob), 50e18 - intent.fee, "beneficiary");
        vm.assertEq(ost.balanceOf(facilitator), BOUNTY + intent.fee, "fee");
        vm.assertEq(backed.totalSupply(), 5_000e18, "burned");
        vm.assertEq(backed.balanceOf(facilitator), FEE + BOUNTY, "bounty");
        _assertVault(50e18, 0);
    }

    /// @dev Facilitator and company are gone; roots still come.
    function test_redeem_byProofsAlone_finishes() public {
        _stakeAndMint(100e18);
        Intent memory intent = _redeemIntent(company, 5_000e18);
        bytes32 message = _redeem(intent);
        _confirmRedeem(intent, message);
        uint256 height = utilityState.height();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        gateway.progressUnstakeWithProof(intent, height, proof);
        height = _anchorValue();
        proof = _inboxProofOfValue(height, message);
        coGateway.progressRedeemWithProof(intent, height, proof);
        vm.assertEq(ost.balanceOf(bob), 50e18 - intent.fee, "beneficiary");
        vm.assertEq(backed.totalSupply(), 5_000e18, "burned");
    }

    /// @dev The stake was declared and taken back between two roots, so that no root shows it Declared.
    function test_revoke_beforeConfirm_refunds() public {
        Intent memory intent = _stakeIntent(100e18);
        bytes32 message = _stake(intent);
        uint256 before = ost.balanceOf(staker);
        _revokeStake(intent);
        _confirmStake(intent, message);
        _finishRevocation(intent, message);
        // Bounty and penalty are what it cost.
        vm.assertEq(ost.balanceOf(staker), before + 100e18 - BOUNTY * 3 / 2, "refund");
        vm.assertEq(ost.balanceOf(facilitator), BOUNTY, "bounty");
        vm.assertEq(ost.balanceOf(BURNER), BOUNTY * 3 / 2, "penalty");
        _assertVault(0, 0);
    }

    function test_revoke_afterConfirm_refundsAndCannotMint() public {
        Intent memory intent = _stakeIntent(100e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _revokeStake(intent);
        _anchorValue();
        _finishRevocation(intent, message);
        _onUtilityChain();
        _expectStatus(message, MessageStatus.Revoked);
        coGateway.progressMint(intent, SECRET);
    }

    /// @dev Minted first, so taking back ends as a stake.
    function test_revoke_afterMint_isForcedToProgress() public {
        Intent memory intent = _stakeIntent(100e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _mint(intent);
        _revokeStake(intent);
        uint256 height = _anchorUtility();
        bytes[] memory proof = _inboxProofOfUtility(height, message);
        _expectRemoteStatus(message, MessageStatus.Progressed);
        gateway.progressStakeRevocation(intent, height, proof);
        gateway.progressStakeWithProof(intent, height, proof);
        _assertVault(100e18, 0);
    }

    function test_revokeRedeem_returnsTheTokens() public {
        _stakeAndMint(100e18);
        Intent memory intent = _redeemIntent(company, 5_000e18);
        uint256 before = backed.balanceOf(company);
        bytes32 message = _redeem(intent);
        vm.prank(company);
        coGateway.revokeRedeem(intent);
        _confirmRedeem(intent, message);
        uint256 height = utilityState.height();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        gateway.confirmRedeemRevocation(intent, height, proof);
        height = _anchorValue();
        proof = _inboxProofOfValue(height, message);
        coGateway.progressRedeemRevocation(intent, height, proof);
        vm.assertEq(backed.balanceOf(company), before - BOUNTY - BOUNTY * 3 / 2, "tokens");
        vm.assertEq(backed.totalSupply(), 10_000e18, "nothing burned");
    }

    function test_revoke_bySomebodyElse_reverts() public {
        Intent memory intent = _stakeIntent(100e18);
        _stake(intent);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.OnlySender.selector, address(this)));
        gateway.revokeStake(intent);
    }

    function test_pause_stopsWhatAddsSupply_nothingElse() public {
        _stakeAndMint(100e18);
        Intent memory waiting = _stakeIntent(10e18);
        bytes32 message = _stake(waiting);
        vm.startPrank(pauser);
        gateway.pause();
        coGateway.pause();
        vm.stopPrank();
        // Redeem and unstake.
        Intent memory intent = _redeemIntent(company, 5_000e18);
        bytes32 redemption = _redeem(intent);
        _confirmRedeem(intent, redemption);
        gateway.progressUnstake(intent, SECRET);
        _onUtilityChain();
        coGateway.progressRedeem(intent, SECRET);
        // Confirm, but not mint; then take back.
        _confirmStake(waiting, message);
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        coGateway.progressMint(waiting, SECRET);
        _revokeStake(waiting);
        _anchorValue();
        _finishRevocation(waiting, message);
        _assertVault(50e18, 0);
    }

    function test_closedEconomy_stillPaysAndTakesBack() public {
        _stakeAndMint(100e18);
        vm.prank(registrar);
        gateway.setClosed(economy, true);
        Intent memory intent = _redeemIntent(company, 5_000e18);
        bytes32 redemption = _redeem(intent);
        _confirmRedeem(intent, redemption);
        gateway.progressUnstake(intent, SECRET);
        _assertVault(50e18, 0);
    }

    function test_mintLimit_holdsUpAndRefills() public {
        vm.prank(platformOwner);
        coGateway.setMintLimit(economy, 10_000e18, 1 days);
        _stakeAndMint(100e18);
        Intent memory intent = _stakeIntent(50e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        vm.assertEq(coGateway.mintable(economy), 0, "used up");
        vm.expectRevert(abi.encodeWithSelector(RateLimiter.RateLimitExceeded.selector));
        coGateway.progressMint(intent, SECRET);
        vm.warp(START + 12 hours);
        coGateway.progressMint(intent, SECRET);
        vm.assertEq(backed.totalSupply(), 15_000e18, "supply");
    }

    /// @dev A registrar gave the two chains different terms: nothing can be minted, and everything taken back.
    function test_stake_ofTermsUnknownThere_isTakenBack() public {
        terms.rate = RATE * 1000;
        _onValueChain();
        vm.prank(registrar);
        bytes32 other = gateway.registerEconomy(terms);
        Intent memory intent = _stakeIntent(100e18);
        intent.economyId = other;
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.UnknownEconomy.selector, other));
        coGateway.progressMint(intent, SECRET);
        _revokeStake(intent);
        _anchorValue();
        _finishRevocation(intent, message);
        (, uint256 inFlight,) = gateway.vault(other);
        vm.assertEq(inFlight, 0, "in flight");
    }

    /// @dev What is unstaked comes from stakes that are final, never from those on their way.
    function test_unstake_beforeTheStakeIsFinal_waits() public {
        Intent memory intent = _stakeIntent(100e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _mint(intent);
        Intent memory back = _redeemIntent(company, 5_000e18);
        bytes32 redemption = _redeem(back);
        _confirmRedeem(back, redemption);
        vm.expectRevert(abi.encodeWithSelector(IGateway.VaultTooSmall.selector, economy, 0, 50e18));
        gateway.progressUnstake(back, SECRET);
        bytes[] memory proof = _inboxProofOfUtility(utilityState.height(), message);
        gateway.progressStakeWithProof(intent, utilityState.height(), proof);
        gateway.progressUnstake(back, SECRET);
        _assertVault(50e18, 0);
    }

    /// @dev Decimals 18 and 6, and amounts that do not divide: what is lost to rounding stays in the vault.
    function testFuzz_rounding_isInFavourOfTheVault(uint256 amount, uint256 part) public {
        _createBackedEconomy(6);
        amount = _bound(amount, 1e16, 100_000e18);
        Intent memory intent = _stakeIntent(amount);
        (intent.fee, intent.bounty) = (0, 0);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _mint(intent);
        _finishStake(intent);
        uint256 minted = backed.balanceOf(company);
        vm.assertEq(minted, amount * 100 / 1e12, "rounded down");
        Intent memory back = _redeemIntent(company, _bound(part, 1, minted));
        (back.fee, back.bounty) = (0, 0);
        message = _redeem(back);
        _confirmRedeem(back, message);
        gateway.progressUnstake(back, SECRET);
        _onUtilityChain();
        coGateway.progressRedeem(back, SECRET);
        (uint256 staked,,) = gateway.vault(economy);
        vm.assertLe(backed.totalSupply() * 1e12, staked * 100, "supply and vault at the rate");
        vm.assertLe(staked * 100, backed.totalSupply() * 1e12 + 1e12, "dust below one unit");
    }

    function _revokeStake(Intent memory intent) private {
        _onValueChain();
        vm.prank(staker);
        gateway.revokeStake(intent);
    }

    /// @dev The revocation is anchored already.
    function _finishRevocation(Intent memory intent, bytes32 message) private {
        _onUtilityChain();
        uint256 height = valueState.height();
        bytes[] memory proof = _outboxProofOfValue(height, message);
        coGateway.confirmStakeRevocation(intent, height, proof);
        height = _anchorUtility();
        proof = _inboxProofOfUtility(height, message);
        vm.prank(facilitator);
        gateway.progressStakeRevocation(intent, height, proof);
    }

    function _assertVault(uint256 staked, uint256 inFlight) private view {
        (uint256 staked_, uint256 inFlight_,) = gateway.vault(economy);
        vm.assertEq(staked_, staked, "staked");
        vm.assertEq(inFlight_, inFlight, "in flight");
    }
}
