// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {IStateRootProvider} from "../../src/interfaces/IStateRootProvider.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

/// @dev Every way a proof can be wrong, at the door of a confirmation.
contract ProofsTest is ProtocolTest {
    Intent private intent;
    bytes32 private message;
    uint256 private height;
    bytes[] private proof;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 12; ++i) {
            _stake(_stakeIntent(1e18 + i));
        }
        intent = _stakeIntent(100e18);
        message = _stake(intent);
        height = _anchorValue();
        proof = _outboxProofOfValue(height, message);
    }

    function test_confirm_withTheProof_passes() public {
        vm.assertTrue(proof.length > 1, "a proof of several nodes");
        coGateway.confirmStake(intent, height, proof);
        vm.assertEq(uint256(coGateway.inboxStatus(message)), uint256(MessageStatus.Declared), "confirmed");
    }

    function test_proveGateway_wrongAccount_reverts() public {
        bytes[] memory other = valueState.accountProof(height, address(1 << 64));
        _expectForeignPath(abi.encodeCall(coGateway.proveGateway, (height, other)));
    }

    function test_proveGateway_wrongRoot_reverts() public {
        uint256 first = height;
        _stake(_stakeIntent(5e18));
        uint256 second = _anchorValue();
        bytes[] memory older = valueState.accountProof(first, address(gateway));
        _expectTrieError(TrieProof.ProofError.INVALID_ROOT);
        coGateway.proveGateway(second, older);
    }

    function test_proveGateway_unknownHeight_reverts() public {
        bytes[] memory older = valueState.accountProof(height, address(gateway));
        vm.expectRevert(abi.encodeWithSelector(IStateRootProvider.UnknownHeight.selector, height + 1));
        coGateway.proveGateway(height + 1, older);
    }

    function test_confirm_heightNotProven_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.HeightNotProven.selector, height + 1));
        coGateway.confirmStake(intent, height + 1, proof);
    }

    function test_confirm_slotOfAnotherMessage_reverts() public {
        Intent memory other = intent;
        other.amount += 1;
        _expectForeignPath(abi.encodeCall(coGateway.confirmStake, (other, height, proof)));
    }

    function test_confirm_slotOfTheInbox_reverts() public {
        bytes[] memory inbox = _inboxProofOfValue(height, message);
        _expectForeignPath(abi.encodeCall(coGateway.confirmStake, (intent, height, inbox)));
    }

    function test_confirm_wrongRoot_reverts() public {
        _stake(_stakeIntent(5e18));
        uint256 second = _anchorValue();
        _expectTrieError(TrieProof.ProofError.INVALID_ROOT);
        coGateway.confirmStake(intent, second, proof);
    }

    function test_confirm_wrongStatus_reverts() public {
        coGateway.confirmStake(intent, height, proof);
        _expectRemoteStatus(message, MessageStatus.Declared);
        coGateway.confirmStakeRevocation(intent, height, proof);
    }

    function test_confirm_truncated_reverts() public {
        bytes[] memory cut = new bytes[](proof.length - 1);
        for (uint256 i = 0; i < cut.length; ++i) {
            cut[i] = proof[i];
        }
        _expectTrieError(TrieProof.ProofError.INVALID_PROOF);
        coGateway.confirmStake(intent, height, cut);
        _expectTrieError(TrieProof.ProofError.INVALID_PROOF);
        coGateway.confirmStake(intent, height, new bytes[](0));
    }

    function test_confirm_extended_reverts() public {
        bytes[] memory longer = new bytes[](proof.length + 1);
        for (uint256 i = 0; i < longer.length; ++i) {
            longer[i] = proof[i < proof.length ? i : 0];
        }
        _expectTrieError(TrieProof.ProofError.INVALID_EXTRA_PROOF_ELEMENT);
        coGateway.confirmStake(intent, height, longer);
    }

    function testFuzz_confirm_flipped_reverts(uint256 where) public {
        bytes[] memory flipped = proof;
        uint256 node = where % flipped.length;
        uint256 position = (where >> 64) % flipped[node].length;
        flipped[node][position] ^= bytes1(uint8(1 << ((where >> 128) % 8)));
        _expectTrieError(
            node == 0 ? TrieProof.ProofError.INVALID_ROOT : TrieProof.ProofError.INVALID_LARGE_NODE
        );
        coGateway.confirmStake(intent, height, flipped);
    }

    function test_confirm_twice_reverts() public {
        coGateway.confirmStake(intent, height, proof);
        _expectStatus(message, MessageStatus.Declared);
        coGateway.confirmStake(intent, height, proof);
    }

    /// @dev A status that is none cannot get into the bus; it is put there by hand.
    function test_confirm_wordThatIsNoStatus_reverts() public {
        vm.store(address(gateway), MessageBusLib.outboxSlot(message), bytes32(uint256(5)));
        uint256 later = _anchorValue();
        bytes[] memory odd = _outboxProofOfValue(later, message);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.NotAStatus.selector, 5));
        coGateway.confirmStake(intent, later, odd);
    }

    function _expectTrieError(TrieProof.ProofError reason) private {
        vm.expectRevert(abi.encodeWithSelector(TrieProof.TrieProofTraversalError.selector, reason));
    }

    /// @dev Where a foreign path leaves the proof depends on both hashes: at a node that is not the next one, or at
    /// a place in a branch where there is none.
    function _expectForeignPath(bytes memory data) private {
        (bool success, bytes memory answer) = address(coGateway).call(data);
        vm.assertFalse(success, "accepted");
        bool isExact = bytes4(answer) == TrieProof.TrieProofTraversalError.selector
            || bytes4(answer) == RLP.RLPInvalidEncoding.selector;
        vm.assertTrue(isExact, "an error of the trie");
    }
}
