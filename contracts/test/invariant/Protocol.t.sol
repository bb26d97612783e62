// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";
import {ProtocolHandler, ProtocolWorld} from "./ProtocolHandler.sol";

/// @dev Both sides driven together, with proofs of what their storage really is; decimals 18 and 6, so that rounding
/// loses something.
///
/// forge-config: default.invariant.runs = 6
/// forge-config: default.invariant.depth = 50
contract ProtocolInvariantTest is ProtocolTest, ProtocolWorld {
    uint256 private constant STAKE_UNITS_PER_TOKEN_UNIT = 1e10;

    ProtocolHandler private handler;
    uint256 private granted;

    function setUp() public override {
        super.setUp();
        _createBackedEconomy(6);
        granted = ost.totalSupply();
        handler = new ProtocolHandler(this);
        valueState.track(address(gateway));
        utilityState.track(address(coGateway));
        _anchorUtility();
        _anchorValue();
    }

    /// @dev Read by forge: only the handler is called.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /* INVARIANTS */

    /// @dev One function for all, as forge would play every game anew for each, and the proofs take their time.
    function invariant_everyUnitIsAccountedFor() public view {
        _assertVaultBacksSupply();
        _assertRevokedAndProgressedExclude();
        _assertGatewaysHoldWhatTheyOwe();
    }

    /// @dev Vault and what is on its way = supply at the rate, but for what rounding left in the vault.
    function _assertVaultBacksSupply() private view {
        (uint256 staked, uint256 inFlight,) = gateway.vault(economy);
        ProtocolHandler.Message[] memory all = handler.all();
        uint256 backing = staked + inFlight;
        uint256 owed = backed.totalSupply() * STAKE_UNITS_PER_TOKEN_UNIT;
        for (uint256 i = 0; i < all.length; ++i) {
            ProtocolHandler.Message memory message = all[i];
            bool isSourceOpen = message.outbox != MessageStatus.Revoked;
            // Staked but not minted: no supply stands against it yet.
            if (message.isStake && isSourceOpen && message.inbox != MessageStatus.Progressed) {
                owed += message.intent.amount;
            }
            if (message.isStake) continue;
            bool isBurned = message.outbox == MessageStatus.Progressed;
            bool isPaid = message.inbox == MessageStatus.Progressed;
            uint256 worth = message.intent.amount * STAKE_UNITS_PER_TOKEN_UNIT;
            // Paid but not burned: supply stands that no value backs any more; burned but not paid: the reverse.
            if (isPaid && !isBurned) owed -= worth;
            if (isBurned && !isPaid) owed += worth;
        }
        vm.assertLe(owed, backing, "supply at the rate and vault");
        vm.assertLe(backing - owed, all.length * STAKE_UNITS_PER_TOKEN_UNIT, "dust below a unit per message");
    }

    /// @dev Never paid there and refunded here.
    function _assertRevokedAndProgressedExclude() private view {
        ProtocolHandler.Message[] memory all = handler.all();
        for (uint256 i = 0; i < all.length; ++i) {
            bool isRefunded = all[i].outbox == MessageStatus.Revoked;
            vm.assertFalse(isRefunded && all[i].inbox == MessageStatus.Progressed, "refunded and paid");
            bool isRefusedThere = all[i].inbox == MessageStatus.Revoked;
            vm.assertFalse(isRefusedThere && all[i].outbox == MessageStatus.Progressed, "kept and not paid");
        }
        vm.assertFalse(handler.wentBack(), "a finished message moved");
    }

    /// @dev No unit of value appears or disappears: every one is in the gateway for a reason, or was paid to someone.
    function _assertGatewaysHoldWhatTheyOwe() private view {
        (uint256 staked, uint256 inFlight,) = gateway.vault(economy);
        uint256 bounties = 0;
        uint256 escrow = 0;
        ProtocolHandler.Message[] memory all = handler.all();
        for (uint256 i = 0; i < all.length; ++i) {
            MessageStatus outbox = all[i].outbox;
            bool isOpen = outbox == MessageStatus.Declared || outbox == MessageStatus.DeclaredRevocation;
            if (!isOpen) continue;
            if (all[i].isStake) bounties += all[i].intent.bounty;
            else escrow += all[i].intent.amount + all[i].intent.bounty;
        }
        vm.assertEq(ost.balanceOf(address(gateway)), staked + inFlight + bounties, "gateway");
        vm.assertEq(backed.balanceOf(address(coGateway)), escrow, "co-gateway");
        vm.assertEq(ost.totalSupply(), granted, "value");
    }

    /* WORLD */

    function declareStake(uint256 amount, uint256 secret) external returns (Intent memory intent, bytes32) {
        intent = _stakeIntent(amount);
        (intent.bounty, intent.fee, intent.hashLock) = (1e12, 1, _lock(secret));
        intent.deadline = vm.getBlockTimestamp();
        return (intent, _stake(intent));
    }

    function declareRedeem(uint256 amount, uint256 secret)
        external
        returns (Intent memory intent, bytes32 message)
    {
        uint256 balance = backed.balanceOf(company);
        if (balance < 1000) return (intent, 0);
        intent = _redeemIntent(company, 100 + amount % (balance / 2));
        (intent.bounty, intent.fee, intent.hashLock) = (10, 1, _lock(secret));
        intent.deadline = vm.getBlockTimestamp();
        return (intent, _redeem(intent));
    }

    function anchor(bool isOfValue) external {
        if (isOfValue) _anchorValue();
        else _anchorUtility();
    }

    /// @dev One call of the bus, with the proof of the last root of the other side.
    function act(uint256 call, bool isStake, Intent memory intent, bytes32 message, uint256 secret)
        external
        returns (bool success)
    {
        bool isAtValue = isStake == _isOfSource(call);
        if (isAtValue) _onValueChain();
        else _onUtilityChain();
        bytes memory data = _callData(call, isStake, intent, message, secret);
        // Only the sender revokes what is not overdue; anyone does the rest.
        address caller = call == 4 ? intent.sender : call == 9 ? stranger : facilitator;
        uint256 owned = _tokensOf(intent.sender);
        vm.prank(caller);
        (success,) = (isAtValue ? address(gateway) : address(coGateway)).call(data);
        if (!success || call != 9) return success;
        vm.assertTrue(vm.getBlockTimestamp() > intent.deadline + 7 days, "taken back by a stranger too early");
        vm.assertEq(_tokensOf(intent.sender), owned, "a stranger made the sender pay");
    }

    function wait(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function statuses(bool isStake, bytes32 message)
        external
        view
        returns (MessageStatus outbox, MessageStatus inbox)
    {
        if (isStake) return (gateway.outboxStatus(message), coGateway.inboxStatus(message));
        return (coGateway.outboxStatus(message), gateway.inboxStatus(message));
    }

    /* INTERNAL */

    function _tokensOf(address account) private view returns (uint256) {
        return ost.balanceOf(account) + backed.balanceOf(account);
    }

    function _isOfSource(uint256 call) private pure returns (bool) {
        return call == 2 || call == 3 || call == 4 || call == 8 || call == 9;
    }

    function _callData(uint256 call, bool isStake, Intent memory intent, bytes32 message, uint256 secret)
        private
        view
        returns (bytes memory)
    {
        bytes32 preimage = bytes32(secret);
        if (call == 0) preimage = keccak256("guess");
        if (call == 2) {
            return isStake
                ? abi.encodeCall(gateway.progressStake, (intent, preimage))
                : abi.encodeCall(coGateway.progressRedeem, (intent, preimage));
        }
        if (call == 5 || call == 0) {
            return isStake
                ? abi.encodeCall(coGateway.progressMint, (intent, preimage))
                : abi.encodeCall(gateway.progressUnstake, (intent, preimage));
        }
        if (call == 4 || call == 9) {
            return isStake
                ? abi.encodeCall(gateway.revokeStake, (intent))
                : abi.encodeCall(coGateway.revokeRedeem, (intent));
        }
        return _provenCall(call, isStake, intent, message);
    }

    function _provenCall(uint256 call, bool isStake, Intent memory intent, bytes32 message)
        private
        view
        returns (bytes memory)
    {
        bool isAtValue = isStake == _isOfSource(call);
        uint256 height = isAtValue ? utilityState.height() : valueState.height();
        bytes[] memory proof = _proofFor(isAtValue, _isOfSource(call), height, message);
        bytes4 selector;
        if (call == 1) selector = isStake ? coGateway.confirmStake.selector : gateway.confirmRedeem.selector;
        if (call == 3) {
            selector = isStake
                ? gateway.progressStakeWithProof.selector
                : coGateway.progressRedeemWithProof.selector;
        }
        if (call == 6) {
            selector = isStake
                ? coGateway.progressMintWithProof.selector
                : gateway.progressUnstakeWithProof.selector;
        }
        if (call == 7) {
            selector = isStake
                ? coGateway.confirmStakeRevocation.selector
                : gateway.confirmRedeemRevocation.selector;
        }
        if (call == 8) {
            selector = isStake
                ? gateway.progressStakeRevocation.selector
                : coGateway.progressRedeemRevocation.selector;
        }
        return abi.encodeWithSelector(selector, intent, height, proof);
    }

    /// @dev A call at the source proves the target's inbox, and the other way round.
    function _proofFor(bool isAtValue, bool isOfSource, uint256 height, bytes32 message)
        private
        view
        returns (bytes[] memory)
    {
        if (isAtValue) {
            return isOfSource ? _inboxProofOfUtility(height, message) : _outboxProofOfUtility(height, message);
        }
        return isOfSource ? _inboxProofOfValue(height, message) : _outboxProofOfValue(height, message);
    }

    function _lock(uint256 secret) private pure returns (bytes32) {
        return keccak256(abi.encode(bytes32(secret)));
    }
}
