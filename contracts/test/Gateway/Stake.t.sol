// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IGateway} from "../../src/interfaces/IGateway.sol";
import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {EconomyTerms} from "../../src/libraries/EconomyTermsLib.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

contract StakeTest is ProtocolTest {
    uint256 private constant STAKER_KEY = uint256(keccak256("staker"));

    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    function test_stake_locksAmountAndBounty() public {
        Intent memory intent = _stakeIntent(100e18);
        uint256 before = ost.balanceOf(staker);
        _onValueChain();
        bytes32 message = gateway.stakeHash(intent);
        vm.expectEmit(address(gateway));
        emit IGateway.StakeDeclared(message, economy, staker, intent);
        _stake(intent);
        vm.assertEq(before - ost.balanceOf(staker), 102e18, "paid");
        _assertVault(0, 100e18);
        vm.assertEq(uint256(gateway.outboxStatus(message)), uint256(MessageStatus.Declared), "status");
    }

    function test_stake_inParallel_needsNoOrder() public {
        Intent memory first = _stakeIntent(1e18);
        Intent memory second = _stakeIntent(2e18);
        _stake(second);
        _stake(first);
        _assertVault(0, 3e18);
    }

    function test_stake_twice_reverts() public {
        Intent memory intent = _stakeIntent(1e18);
        _stake(intent);
        vm.prank(staker);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, staker, intent.nonce + 1));
        gateway.stake(intent);
    }

    function test_stake_bySomebodyElse_reverts() public {
        Intent memory intent = _stakeIntent(1e18);
        _onValueChain();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.OnlySender.selector, stranger));
        gateway.stake(intent);
    }

    function test_stake_afterTheDeadline_reverts() public {
        Intent memory intent = _stakeIntent(1e18);
        intent.deadline = START - 1;
        _expectStakeReverts(intent, abi.encodeWithSelector(IMessageGateway.IntentExpired.selector, START - 1));
    }

    function test_stake_feeEatsAll_reverts() public {
        Intent memory intent = _stakeIntent(1e18);
        intent.fee = 100e18;
        _expectStakeReverts(
            intent, abi.encodeWithSelector(IMessageGateway.AmountTooSmall.selector, 1e18, 100e18, 100e18)
        );
    }

    function test_stake_withoutBeneficiary_reverts() public {
        Intent memory intent = _stakeIntent(1e18);
        intent.beneficiary = address(0);
        _expectStakeReverts(intent, abi.encodeWithSelector(IMessageGateway.ZeroBeneficiary.selector));
    }

    function test_stake_unknownEconomy_reverts() public {
        Intent memory intent = _stakeIntent(1e18);
        intent.economyId = keccak256("none");
        _expectStakeReverts(
            intent, abi.encodeWithSelector(IMessageGateway.UnknownEconomy.selector, intent.economyId)
        );
    }

    function test_stake_closedEconomy_reverts() public {
        vm.prank(registrar);
        gateway.setClosed(economy, true);
        _expectStakeReverts(
            _stakeIntent(1e18), abi.encodeWithSelector(IGateway.EconomyIsClosed.selector, economy)
        );
    }

    function test_stake_paused_reverts() public {
        vm.prank(pauser);
        gateway.pause();
        _expectStakeReverts(_stakeIntent(1e18), abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_stakeWithPermit_needsNoAllowance() public {
        Intent memory intent = _stakeIntent(7e18);
        _onValueChain();
        vm.prank(staker);
        ost.approve(address(gateway), 0);
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, staker, address(gateway), 9e18, ost.nonces(staker), START));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(STAKER_KEY, _digest(structHash));
        IMessageGateway.Permit memory permit = IMessageGateway.Permit(START, v, r, s);
        // Brought before by somebody else, the permit has done its work all the same.
        ost.permit(staker, address(gateway), 9e18, START, v, r, s);
        vm.prank(staker);
        gateway.stakeWithPermit(intent, permit);
        _assertVault(0, 7e18);
    }

    function test_stakeWithAuthorization_isOneSignature() public {
        Intent memory intent = _stakeIntent(7e18);
        _onValueChain();
        (uint8 v, bytes32 r, bytes32 s) = _authorise(intent);
        vm.prank(facilitator);
        gateway.stakeWithAuthorization(intent, 0, START + 1, v, r, s);
        _assertVault(0, 7e18);
        vm.assertEq(ost.balanceOf(staker), 1_000_000e18 - 9e18, "paid");
    }

    /// @dev The signature is of this intent: whoever brings it can change nothing.
    function testFuzz_stakeWithAuthorization_ofAnotherIntent_reverts(uint256 member, uint256 value) public {
        Intent memory intent = _stakeIntent(7e18);
        _onValueChain();
        (uint8 v, bytes32 r, bytes32 s) = _authorise(intent);
        bytes32 before = gateway.stakeHash(intent);
        member %= 5;
        if (member == 0) intent.beneficiary = address(uint160(_bound(value, 1, type(uint160).max)));
        // Amount and bounty move against each other: what is paid stays the same.
        if (member == 1) {
            (intent.amount, intent.bounty) = (intent.amount - value % 1e18, BOUNTY + value % 1e18);
        }
        if (member == 2) intent.fee = value % 1e18;
        if (member == 3) intent.hashLock = bytes32(value);
        if (member == 4) intent.nonce = _bound(value, 1, type(uint64).max) << 128;
        vm.assume(gateway.stakeHash(intent) != before);
        vm.prank(facilitator);
        vm.expectPartialRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        gateway.stakeWithAuthorization(intent, 0, START + 1, v, r, s);
    }

    function test_registerEconomy_refusesWhatIsNotTrue() public {
        EconomyTerms memory wrong = terms;
        wrong.valueDecimals = 6;
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.TermsContradictToken.selector, address(ost)));
        gateway.registerEconomy(wrong);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.EconomyExists.selector, economy));
        gateway.registerEconomy(terms);
        vm.stopPrank();
        bytes32 role = gateway.REGISTRAR_ROLE();
        _expectMissingRole(stranger, role);
        vm.prank(stranger);
        gateway.registerEconomy(terms);
    }

    function test_hashes_areTheSameOnBothChains() public {
        Intent memory intent = _stakeIntent(1e18);
        _onValueChain();
        (bytes32 stakeHere, bytes32 redeemHere) = (gateway.stakeHash(intent), gateway.redeemHash(intent));
        _onUtilityChain();
        vm.assertEq(coGateway.stakeHash(intent), stakeHere, "stake");
        vm.assertEq(coGateway.redeemHash(intent), redeemHere, "redeem");
        vm.assertTrue(stakeHere != redeemHere, "a stake is no redemption");
    }

    function _authorise(Intent memory intent) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 nonce = bytes32(uint256(gateway.stakeHash(intent)) & ~uint256(type(uint64).max));
        uint256 value = intent.amount + intent.bounty;
        return vm.sign(
            STAKER_KEY,
            _digest(
                keccak256(abi.encode(RECEIVE_TYPEHASH, staker, address(gateway), value, 0, START + 1, nonce))
            )
        );
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", ost.DOMAIN_SEPARATOR(), structHash));
    }

    function _expectStakeReverts(Intent memory intent, bytes memory error) private {
        _onValueChain();
        vm.prank(intent.sender);
        vm.expectRevert(error);
        gateway.stake(intent);
    }

    function _assertVault(uint256 staked, uint256 inFlight) private view {
        (uint256 staked_, uint256 inFlight_,) = gateway.vault(economy);
        vm.assertEq(staked_, staked, "staked");
        vm.assertEq(inFlight_, inFlight, "in flight");
    }
}
