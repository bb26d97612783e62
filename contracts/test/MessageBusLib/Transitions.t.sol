// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {MessageBusLib, MessageStatus as Status} from "../../src/libraries/MessageBusLib.sol";
import {vm} from "../support/Vm.sol";

/// @dev Both boxes of one message, put anywhere.
contract BusHarness {
    function put(bytes32 message, Status outbox, Status inbox) external {
        bytes32 outboxSlot = MessageBusLib.outboxSlot(message);
        bytes32 inboxSlot = MessageBusLib.inboxSlot(message);
        assembly ("memory-safe") {
            sstore(outboxSlot, outbox)
            sstore(inboxSlot, inbox)
        }
    }

    function call(uint256 act, bytes32 message, bytes32 hashLock, bytes32 secret, Status remote) external {
        if (act == 0) MessageBusLib.declare(message);
        if (act == 1) MessageBusLib.confirm(message, remote);
        if (act == 2) MessageBusLib.progressOutbox(message, hashLock, secret);
        if (act == 3) MessageBusLib.progressOutboxProven(message, remote);
        if (act == 4) MessageBusLib.progressInbox(message, hashLock, secret);
        if (act == 5) MessageBusLib.progressInboxProven(message, remote);
        if (act == 6) MessageBusLib.declareRevocation(message);
        if (act == 7) MessageBusLib.confirmRevocation(message, remote);
        if (act == 8) MessageBusLib.progressRevocation(message, remote);
        if (act == 9) MessageBusLib.closeOutbox(message, remote);
        if (act == 10) MessageBusLib.closeInbox(message, remote);
    }

    function statuses(bytes32 message) external view returns (Status, Status) {
        return (MessageBusLib.outboxStatus(message), MessageBusLib.inboxStatus(message));
    }
}

contract TransitionsTest {
    uint256 private constant CALLS = 11;
    uint256 private constant STATUSES = 5;
    bytes32 private constant MESSAGE = keccak256("message");
    bytes32 private constant SECRET = keccak256("secret");

    /// @dev The whole table: call, whether it is of the outbox, status before, statuses of the other side that allow
    /// it (as bits; all for a call that asks for none), status after.
    bytes32[] private table;

    BusHarness private bus = new BusHarness();

    constructor() {
        uint256 any = 31;
        _row(0, true, Status.Undeclared, any, Status.Declared);
        _row(1, false, Status.Undeclared, 1 << 1 | 1 << 2 | 1 << 3, Status.Declared);
        _row(2, true, Status.Declared, any, Status.Progressed);
        _row(3, true, Status.Declared, 1 << 1 | 1 << 2, Status.Progressed);
        _row(3, true, Status.DeclaredRevocation, 1 << 2, Status.Progressed);
        _row(4, false, Status.Declared, any, Status.Progressed);
        _row(5, false, Status.Declared, 1 << 1 | 1 << 2, Status.Progressed);
        _row(6, true, Status.Declared, any, Status.DeclaredRevocation);
        _row(7, false, Status.Declared, 1 << 3, Status.Revoked);
        _row(8, true, Status.DeclaredRevocation, 1 << 4, Status.Revoked);
        _row(9, true, Status.Declared, 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4, Status.Revoked);
        _row(9, true, Status.DeclaredRevocation, 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4, Status.Revoked);
        _row(9, true, Status.Progressed, 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4, Status.Revoked);
        _row(10, false, Status.Undeclared, 1 << 1 | 1 << 2 | 1 << 3, Status.Progressed);
        _row(10, false, Status.Declared, 1 << 1 | 1 << 2 | 1 << 3, Status.Progressed);
        _row(10, false, Status.DeclaredRevocation, 1 << 1 | 1 << 2 | 1 << 3, Status.Progressed);
        _row(10, false, Status.Revoked, 1 << 1 | 1 << 2 | 1 << 3, Status.Progressed);
    }

    function test_transitions_allStatesTimesCalls_areTheTable() public {
        for (uint256 act = 0; act < CALLS; ++act) {
            for (uint256 before = 0; before < STATUSES; ++before) {
                for (uint256 remote = 0; remote < STATUSES; ++remote) {
                    _check(act, Status(before), Status(remote));
                }
            }
        }
    }

    function test_progress_withAWrongSecret_reverts() public {
        for (uint256 act = 2; act <= 4; act += 2) {
            bus.put(MESSAGE, Status.Declared, Status.Declared);
            vm.expectRevert(abi.encodeWithSelector(MessageBusLib.WrongSecret.selector, MESSAGE));
            bus.call(act, MESSAGE, keccak256(abi.encode(SECRET)), keccak256("guess"), Status.Declared);
        }
    }

    function test_slots_areOfErc7201() public pure {
        bytes32 position = keccak256(abi.encode(uint256(keccak256("ost-kit.storage.MessageBus")) - 1))
            & ~bytes32(uint256(0xff));
        vm.assertEq(MessageBusLib.outboxSlot(MESSAGE), keccak256(abi.encode(MESSAGE, position)), "outbox");
        bytes32 inbox = keccak256(abi.encode(MESSAGE, uint256(position) + 1));
        vm.assertEq(MessageBusLib.inboxSlot(MESSAGE), inbox, "inbox");
    }

    /// @dev Only the box of the call may change, and only as the table says.
    function _check(uint256 act, Status before, Status remote) private {
        (bool isAllowed, bool isOutbox, Status next) = _lookUp(act, before, remote);
        bus.put(MESSAGE, before, before);
        bytes memory data =
            abi.encodeCall(bus.call, (act, MESSAGE, keccak256(abi.encode(SECRET)), SECRET, remote));
        (bool success, bytes memory answer) = address(bus).call(data);
        vm.assertEq(success, isAllowed, "allowed");
        (Status outbox, Status inbox) = bus.statuses(MESSAGE);
        Status expected = isAllowed ? next : before;
        vm.assertEq(uint256(outbox), uint256(isOutbox ? expected : before), "outbox");
        vm.assertEq(uint256(inbox), uint256(isOutbox ? before : expected), "inbox");
        if (!success) _checkError(answer, before, remote);
    }

    function _checkError(bytes memory answer, Status before, Status remote) private pure {
        bytes memory here = abi.encodeWithSelector(MessageBusLib.UnexpectedStatus.selector, MESSAGE, before);
        bytes memory there =
            abi.encodeWithSelector(MessageBusLib.UnexpectedRemoteStatus.selector, MESSAGE, remote);
        bool isExact = keccak256(answer) == keccak256(here) || keccak256(answer) == keccak256(there);
        vm.assertTrue(isExact, "error names message and status");
    }

    function _lookUp(uint256 act, Status before, Status remote)
        private
        view
        returns (bool isAllowed, bool isOutbox, Status next)
    {
        isOutbox = true;
        for (uint256 i = 0; i < table.length; ++i) {
            uint256 row = uint256(table[i]);
            if (row >> 24 != act || (row >> 16) & 0xf != uint256(before)) continue;
            if ((row >> 8) & (1 << uint256(remote)) == 0) continue;
            return (true, (row >> 20) & 1 == 1, Status(row & 0xff));
        }
    }

    function _row(uint256 act, bool isOutbox, Status before, uint256 remotes, Status next) private {
        uint256 box = isOutbox ? 1 : 0;
        table.push(bytes32(act << 24 | box << 20 | uint256(before) << 16 | remotes << 8 | uint256(next)));
    }
}
