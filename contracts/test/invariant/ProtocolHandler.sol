// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageStatus} from "../../src/libraries/MessageBusLib.sol";

/// @dev What the handler needs of the world it acts in.
interface ProtocolWorld {
    function declareStake(uint256 amount, uint256 secret) external returns (Intent memory, bytes32);
    function declareRedeem(uint256 amount, uint256 secret) external returns (Intent memory, bytes32);
    function anchor(bool isOfValue) external;
    function act(uint256 call, bool isStake, Intent memory intent, bytes32 message, uint256 secret)
        external
        returns (bool);
    function wait(uint256 time) external;
    function statuses(bool isStake, bytes32 message) external view returns (MessageStatus, MessageStatus);
}

/// @dev Any act on any message at any time, most of them refused; whatever passes, the ledger beside it is kept by
/// what the bus says afterwards.
contract ProtocolHandler {
    struct Message {
        bool isStake;
        Intent intent;
        bytes32 hash;
        uint256 secret;
        MessageStatus outbox;
        MessageStatus inbox;
    }

    uint256 private constant MESSAGES_MAX = 10;
    uint256 private constant CALLS = 10;

    ProtocolWorld private immutable WORLD;
    Message[] private messages;
    uint256 public passed;
    bool public wentBack;

    constructor(ProtocolWorld world) {
        WORLD = world;
    }

    /* ACTS */

    function stake(uint256 amount) external {
        if (messages.length >= MESSAGES_MAX) return;
        amount = 1e15 + amount % 1e20;
        (Intent memory intent, bytes32 hash) = WORLD.declareStake(amount, messages.length);
        _add(true, intent, hash);
    }

    function redeem(uint256 amount) external {
        if (messages.length >= MESSAGES_MAX) return;
        (Intent memory intent, bytes32 hash) = WORLD.declareRedeem(amount, messages.length);
        if (hash != 0) _add(false, intent, hash);
    }

    function anchor(bool isOfValue) external {
        WORLD.anchor(isOfValue);
    }

    function act(uint256 which, uint256 call) external {
        if (messages.length == 0) return;
        Message storage message = messages[which % messages.length];
        if (WORLD.act(call % CALLS, message.isStake, message.intent, message.hash, message.secret)) ++passed;
        _follow(message);
    }

    /// @dev Both chains learn of each other, and then the act: what a working facilitator does.
    function anchorAndAct(uint256 which, uint256 call) external {
        WORLD.anchor(true);
        WORLD.anchor(false);
        this.act(which, call);
    }

    /// @dev Time passes, until everything declared before is overdue.
    function wait(uint256 time) external {
        WORLD.wait(time % 8 days);
    }

    /// @dev An overdue message that a stranger takes back from wherever it stands, to its end.
    function takeBackOverdue(uint256 which) external {
        WORLD.wait(8 days);
        this.act(which, 9);
        WORLD.anchor(true);
        WORLD.anchor(false);
        this.act(which, 1);
        this.act(which, 7);
        WORLD.anchor(true);
        WORLD.anchor(false);
        // Refunded here, or paid there before.
        this.act(which, 8);
        this.act(which, 3);
    }

    /* VIEWS */

    function all() external view returns (Message[] memory) {
        return messages;
    }

    /* INTERNAL */

    function _add(bool isStake, Intent memory intent, bytes32 hash) private {
        Message storage message = messages.push();
        (message.isStake, message.intent, message.hash) = (isStake, intent, hash);
        message.secret = messages.length - 1;
        _follow(message);
    }

    /// @dev What is finished stays finished.
    function _follow(Message storage message) private {
        (MessageStatus outbox, MessageStatus inbox) = WORLD.statuses(message.isStake, message.hash);
        if (_isFinal(message.outbox) && outbox != message.outbox) wentBack = true;
        if (_isFinal(message.inbox) && inbox != message.inbox) wentBack = true;
        (message.outbox, message.inbox) = (outbox, inbox);
    }

    function _isFinal(MessageStatus status) private pure returns (bool) {
        return status == MessageStatus.Progressed || status == MessageStatus.Revoked;
    }
}
