// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {AbsenceProofLib} from "../../src/libraries/AbsenceProofLib.sol";
import {TrieBuilder} from "../support/TrieBuilder.sol";
import {vm} from "../support/Vm.sol";

contract RequireAbsentTest {
    uint256 private constant KEYS = 20;

    function requireAbsent(bytes32 root, bytes32 key, bytes[] memory proof) external pure {
        AbsenceProofLib.requireAbsent(root, key, proof);
    }

    function testFuzz_requireAbsent_keyThatIsNotThere_passes(uint256 seed) public view {
        TrieBuilder.Entry[] memory entries = _entries(seed, KEYS);
        bytes32 key = keccak256(abi.encode(seed, "absent"));
        this.requireAbsent(TrieBuilder.root(entries), key, TrieBuilder.prove(entries, key));
    }

    /// @dev Keys that agree in many nibbles, so that extensions and deep forks are met. Values of a word keep every node hashed.
    function testFuzz_requireAbsent_neighbourOfAKey_passes(uint256 seed, uint256 bit) public view {
        TrieBuilder.Entry[] memory entries = _entries(seed, 3);
        bytes32 key = entries[0].key ^ bytes32(uint256(1) << (128 + bit % 128));
        entries[2].key = entries[0].key ^ bytes32(uint256(1) << (128 + (bit >> 128) % 128));
        if (key == entries[2].key || entries[2].key == entries[0].key) return;
        this.requireAbsent(TrieBuilder.root(entries), key, TrieBuilder.prove(entries, key));
    }

    function testFuzz_requireAbsent_keyThatIsThere_reverts(uint256 seed, uint256 index) public {
        TrieBuilder.Entry[] memory entries = _entries(seed, KEYS);
        bytes32 key = entries[index % KEYS].key;
        bytes[] memory proof = TrieBuilder.prove(entries, key);
        vm.assertTrue(
            TrieProof.verify(
                entries[index % KEYS].value, TrieBuilder.root(entries), bytes.concat(key), proof
            ),
            "OpenZeppelin finds it"
        );
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.KeyPresent.selector, key));
        this.requireAbsent(TrieBuilder.root(entries), key, proof);
    }

    function testFuzz_requireAbsent_truncated_reverts(uint256 seed, bool isThere) public {
        TrieBuilder.Entry[] memory entries = _entries(seed, KEYS);
        bytes32 key = isThere ? entries[0].key : keccak256(abi.encode(seed, "absent"));
        bytes[] memory proof = TrieBuilder.prove(entries, key);
        bytes[] memory cut = new bytes[](proof.length - 1);
        for (uint256 i = 0; i < cut.length; ++i) {
            cut[i] = proof[i];
        }
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.WrongProofLength.selector, cut.length));
        this.requireAbsent(TrieBuilder.root(entries), key, cut);
    }

    function testFuzz_requireAbsent_extended_reverts(uint256 seed) public {
        TrieBuilder.Entry[] memory entries = _entries(seed, KEYS);
        bytes32 key = keccak256(abi.encode(seed, "absent"));
        bytes[] memory proof = TrieBuilder.prove(entries, key);
        bytes[] memory longer = new bytes[](proof.length + 1);
        for (uint256 i = 0; i < longer.length; ++i) {
            longer[i] = proof[i < proof.length ? i : 0];
        }
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.WrongProofLength.selector, longer.length));
        this.requireAbsent(TrieBuilder.root(entries), key, longer);
    }

    function testFuzz_requireAbsent_flipped_reverts(uint256 seed, uint256 where) public {
        TrieBuilder.Entry[] memory entries = _entries(seed, KEYS);
        bytes32 key = keccak256(abi.encode(seed, "absent"));
        bytes[] memory proof = TrieBuilder.prove(entries, key);
        uint256 node = where % proof.length;
        uint256 position = (where >> 64) % proof[node].length;
        proof[node][position] ^= bytes1(uint8(1 << ((where >> 128) % 8)));
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.UnknownNode.selector, node));
        this.requireAbsent(TrieBuilder.root(entries), key, proof);
    }

    /// @dev Statuses are values of one byte: from depth 9 on their leaves stand in their parent.
    function testFuzz_requireAbsent_besideInlinedLeaves_passes(uint256 seed, uint256 shared, uint256 away)
        public
        view
    {
        (TrieBuilder.Entry[] memory entries, bytes32 key) = _crowd(seed, 9 + shared % 55, away);
        bytes[] memory proof = TrieBuilder.prove(entries, key);
        this.requireAbsent(TrieBuilder.root(entries), key, proof);
        this.requireAbsent(TrieBuilder.root(entries), key, _hashedOnly(proof));
    }

    function testFuzz_requireAbsent_inlinedKeyThatIsThere_reverts(uint256 seed, uint256 shared, uint256 away)
        public
    {
        (TrieBuilder.Entry[] memory entries,) = _crowd(seed, 9 + shared % 55, away);
        bytes32 key = entries[0].key;
        bytes[] memory proof = _hashedOnly(TrieBuilder.prove(entries, key));
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.KeyPresent.selector, key));
        this.requireAbsent(TrieBuilder.root(entries), key, proof);
    }

    function test_requireAbsent_inlinedNodeOfAnotherTrie_reverts() public {
        (TrieBuilder.Entry[] memory entries, bytes32 key) = _crowd(1, 12, 0);
        bytes[] memory proof = TrieBuilder.prove(entries, key);
        uint256 last = proof.length - 1;
        vm.assertTrue(proof[last].length < 32, "the last node is inlined");
        proof[last][proof[last].length - 1] ^= 0x02;
        // What follows is not the inlined node, which is judged where it stands: the path ended before.
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.WrongProofLength.selector, proof.length));
        this.requireAbsent(TrieBuilder.root(entries), key, proof);
    }

    function test_requireAbsent_emptyTrie_passes() public view {
        this.requireAbsent(keccak256(hex"80"), keccak256("key"), new bytes[](0));
    }

    function _entries(uint256 seed, uint256 count) private pure returns (TrieBuilder.Entry[] memory entries) {
        entries = new TrieBuilder.Entry[](count);
        for (uint256 i = 0; i < count; ++i) {
            entries[i] = TrieBuilder.Entry(
                keccak256(abi.encode(seed, i)), abi.encodePacked(keccak256(abi.encode(i, seed)))
            );
        }
    }

    /// @dev Two statuses and a key without one: the first agrees with the key in `shared` nibbles, the second with
    /// both in one less; and others. `away` chooses how they differ.
    function _crowd(uint256 seed, uint256 shared, uint256 away)
        private
        pure
        returns (TrieBuilder.Entry[] memory entries, bytes32 key)
    {
        entries = _entries(seed, 4);
        key = keccak256(abi.encode(seed, "absent"));
        entries[0] = TrieBuilder.Entry(_differAt(key, shared, away), hex"01");
        entries[1] = TrieBuilder.Entry(_differAt(key, shared - 1, away >> 128), hex"02");
    }

    /// @dev Another nibble at `position`; below it everything may differ.
    function _differAt(bytes32 key, uint256 position, uint256 away) private pure returns (bytes32) {
        uint256 below = 252 - 4 * position;
        uint256 nibble = (1 + away % 15) << below;
        uint256 rest = uint256(keccak256(abi.encode(away))) & ((uint256(1) << below) - 1);
        return key ^ bytes32(nibble | rest);
    }

    /// @dev As nodes give proofs that do not repeat what stands in its parent.
    function _hashedOnly(bytes[] memory proof) private pure returns (bytes[] memory hashed) {
        uint256 count = proof.length;
        while (count > 1 && proof[count - 1].length < 32) --count;
        hashed = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            hashed[i] = proof[i];
        }
    }
}
