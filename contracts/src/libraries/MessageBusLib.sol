// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Where a message stands, on its source (outbox) or its target (inbox).
enum MessageStatus {
    Undeclared,
    Declared,
    Progressed,
    DeclaredRevocation,
    Revoked
}

/// @notice The two-phase commit of messages between two gateways: every transition there is, and its condition.
///
/// | call                  | box    | from                         | needs                                           | to                 |
/// | --------------------- | ------ | ---------------------------- | ----------------------------------------------- | ------------------ |
/// | declare               | outbox | Undeclared                   |                                                 | Declared           |
/// | confirm               | inbox  | Undeclared                   | source Declared, Progressed, DeclaredRevocation | Declared           |
/// | progressOutbox        | outbox | Declared                     | the secret                                      | Progressed         |
/// | progressOutboxProven  | outbox | Declared                     | target Declared or Progressed                   | Progressed         |
/// | progressOutboxProven  | outbox | DeclaredRevocation           | target Progressed                               | Progressed         |
/// | progressInbox         | inbox  | Declared                     | the secret                                      | Progressed         |
/// | progressInboxProven   | inbox  | Declared                     | source Declared or Progressed                   | Progressed         |
/// | declareRevocation     | outbox | Declared                     |                                                 | DeclaredRevocation |
/// | confirmRevocation     | inbox  | Declared                     | source DeclaredRevocation                       | Revoked            |
/// | progressRevocation    | outbox | DeclaredRevocation           | target Revoked                                  | Revoked            |
/// | closeOutbox (halt)    | outbox | Declared, DeclaredRevocation, Progressed | target not Progressed at the last root | Revoked         |
/// | closeInbox (halt)     | inbox  | Undeclared, Declared, Revoked | source not Revoked at the last root            | Progressed         |
///
/// @dev Why a message is never paid and refunded: it is refunded when the outbox becomes Revoked, which needs the
/// inbox Revoked, and the inbox becomes Revoked or Progressed but not both. A status of the other side that was true
/// at some block is enough, however old: Declared and DeclaredRevocation are left only towards Progressed or Revoked,
/// and which of both it is, the inbox decides alone. The two last rows exist only once the chain of the other side is
/// given up, with its statuses at the last root as its final ones (ADR 20).
library MessageBusLib {
    /// @dev Both maps stand at fixed slots, so that inheritance cannot move what the other chain proves.
    /// @custom:storage-location erc7201:ost-kit.storage.MessageBus
    struct Bus {
        mapping(bytes32 messageHash => MessageStatus) outbox;
        mapping(bytes32 messageHash => MessageStatus) inbox;
    }

    /// @notice The message stands elsewhere on this side.
    error UnexpectedStatus(bytes32 messageHash, MessageStatus status);

    /// @notice The message stands elsewhere on the other side.
    error UnexpectedRemoteStatus(bytes32 messageHash, MessageStatus status);

    /// @notice Not the secret behind the hash lock.
    error WrongSecret(bytes32 messageHash);

    /// @dev keccak256(abi.encode(uint256(keccak256("ost-kit.storage.MessageBus")) - 1)) & ~bytes32(uint256(0xff))
    uint256 internal constant OUTBOX_POSITION =
        0x5eb57fad46a4749152fcdff9521eec18af57966a2954657c58db9cf4b531ff00;

    /// @dev The slot behind the outbox's.
    uint256 internal constant INBOX_POSITION = OUTBOX_POSITION + 1;

    /* SOURCE */

    /// @notice The sender's funds are locked.
    function declare(bytes32 message) internal {
        _bus().outbox[message] =
            _from(message, outboxStatus(message), MessageStatus.Undeclared, MessageStatus.Declared);
    }

    /// @notice The source finishes, as the secret is out.
    function progressOutbox(bytes32 message, bytes32 hashLock, bytes32 secret) internal {
        _requireSecret(message, hashLock, secret);
        _bus().outbox[message] =
            _from(message, outboxStatus(message), MessageStatus.Declared, MessageStatus.Progressed);
    }

    /// @notice The source finishes, as the target has `target`.
    function progressOutboxProven(bytes32 message, MessageStatus target) internal {
        MessageStatus status = outboxStatus(message);
        bool isProgressed = target == MessageStatus.Progressed;
        if (status == MessageStatus.DeclaredRevocation) _requireRemote(isProgressed, message, target);
        else _requireRemote(isProgressed || target == MessageStatus.Declared, message, target);
        bool isOpen = status == MessageStatus.Declared || status == MessageStatus.DeclaredRevocation;
        require(isOpen, UnexpectedStatus(message, status));
        _bus().outbox[message] = MessageStatus.Progressed;
    }

    /// @notice The sender wants its funds back.
    function declareRevocation(bytes32 message) internal {
        MessageStatus status = outboxStatus(message);
        _bus().outbox[message] =
            _from(message, status, MessageStatus.Declared, MessageStatus.DeclaredRevocation);
    }

    /// @notice The sender gets its funds back, as the target has `target`.
    function progressRevocation(bytes32 message, MessageStatus target) internal {
        MessageStatus status = outboxStatus(message);
        _requireRemote(target == MessageStatus.Revoked, message, target);
        _bus().outbox[message] =
            _from(message, status, MessageStatus.DeclaredRevocation, MessageStatus.Revoked);
    }

    /* TARGET */

    /// @notice The target knows the message, as the source has `source`.
    /// @dev Progressed and DeclaredRevocation count as well: a source that went on before a root showed it Declared
    /// could otherwise never be confirmed, and its funds would be locked for good.
    function confirm(bytes32 message, MessageStatus source) internal {
        MessageStatus status = inboxStatus(message);
        bool isDeclared = source != MessageStatus.Undeclared && source != MessageStatus.Revoked;
        _requireRemote(isDeclared, message, source);
        _bus().inbox[message] = _from(message, status, MessageStatus.Undeclared, MessageStatus.Declared);
    }

    /// @notice The target finishes, as the secret is out.
    function progressInbox(bytes32 message, bytes32 hashLock, bytes32 secret) internal {
        _requireSecret(message, hashLock, secret);
        _bus().inbox[message] =
            _from(message, inboxStatus(message), MessageStatus.Declared, MessageStatus.Progressed);
    }

    /// @notice The target finishes, as the source has `source`.
    function progressInboxProven(bytes32 message, MessageStatus source) internal {
        bool isDeclared = source == MessageStatus.Declared || source == MessageStatus.Progressed;
        _requireRemote(isDeclared, message, source);
        _bus().inbox[message] =
            _from(message, inboxStatus(message), MessageStatus.Declared, MessageStatus.Progressed);
    }

    /// @notice The target will never finish, as the source has `source`.
    function confirmRevocation(bytes32 message, MessageStatus source) internal {
        MessageStatus status = inboxStatus(message);
        _requireRemote(source == MessageStatus.DeclaredRevocation, message, source);
        _bus().inbox[message] = _from(message, status, MessageStatus.Declared, MessageStatus.Revoked);
    }

    /* CHAIN HALT */

    /// @notice The sender gets its funds back, as the target has `target` for good.
    /// @return before Where the message stood.
    function closeOutbox(bytes32 message, MessageStatus target) internal returns (MessageStatus before) {
        before = outboxStatus(message);
        _requireRemote(target != MessageStatus.Progressed, message, target);
        bool isOpen = before != MessageStatus.Undeclared && before != MessageStatus.Revoked;
        require(isOpen, UnexpectedStatus(message, before));
        _bus().outbox[message] = MessageStatus.Revoked;
    }

    /// @notice The target finishes, as the source has `source` for good.
    function closeInbox(bytes32 message, MessageStatus source) internal {
        MessageStatus status = inboxStatus(message);
        bool isDeclared = source != MessageStatus.Undeclared && source != MessageStatus.Revoked;
        _requireRemote(isDeclared, message, source);
        require(status != MessageStatus.Progressed, UnexpectedStatus(message, status));
        _bus().inbox[message] = MessageStatus.Progressed;
    }

    /* VIEWS */

    /// @notice Where the message stands on its source.
    function outboxStatus(bytes32 message) internal view returns (MessageStatus) {
        return _bus().outbox[message];
    }

    /// @notice Where the message stands on its target.
    function inboxStatus(bytes32 message) internal view returns (MessageStatus) {
        return _bus().inbox[message];
    }

    /// @notice Storage slot of the status on the source, the same in every gateway.
    function outboxSlot(bytes32 message) internal pure returns (bytes32) {
        return keccak256(abi.encode(message, OUTBOX_POSITION));
    }

    /// @notice Storage slot of the status on the target, the same in every gateway.
    function inboxSlot(bytes32 message) internal pure returns (bytes32) {
        return keccak256(abi.encode(message, INBOX_POSITION));
    }

    /* INTERNAL */

    function _from(bytes32 message, MessageStatus status, MessageStatus expected, MessageStatus next)
        private
        pure
        returns (MessageStatus)
    {
        require(status == expected, UnexpectedStatus(message, status));
        return next;
    }

    function _requireRemote(bool isAsNeeded, bytes32 message, MessageStatus remote) private pure {
        require(isAsNeeded, UnexpectedRemoteStatus(message, remote));
    }

    function _requireSecret(bytes32 message, bytes32 hashLock, bytes32 secret) private pure {
        require(keccak256(abi.encode(secret)) == hashLock, WrongSecret(message));
    }

    function _bus() private pure returns (Bus storage bus) {
        uint256 position = OUTBOX_POSITION;
        assembly ("memory-safe") {
            bus.slot := position
        }
    }
}
