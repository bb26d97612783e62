// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// @notice Proofs that a Merkle-Patricia trie of 32-byte keys has nothing under a key.
/// @dev OpenZeppelin's `TrieProof` proves presence only. Absence is shown by the one node at which the key's path ends:
/// a branch without a child there, or a leaf or extension whose path goes elsewhere. Sound because
/// - every node is compared with the hash its parent, or the root, names: it is a node of this very trie, on this path;
/// - the proof must reach that node, and end with it: running out of nodes proves nothing;
/// - a node of less than 32 bytes stands in its parent itself, whose hash then covers it. Of one-byte values that is
///   every leaf from depth 9 on, so nine nibbles in common with a key put one on its path, and anybody can search for
///   such neighbours (2^36 work): a proof that meets one must be judged, or they would make an absence unprovable.
///   Nodes differ in whether their proofs repeat such a node as an element; both are taken, as `TrieProof` does.
library AbsenceProofLib {
    using Bytes for bytes;
    using Memory for bytes;
    using Memory for Memory.Slice;
    using RLP for bytes;
    using RLP for Memory.Slice;

    /// @notice The trie has a value under this key.
    error KeyPresent(bytes32 key);

    /// @notice The node is not the one that its parent, or the root, names.
    error UnknownNode(uint256 index);

    /// @notice The proof ends before the key's path does, or goes on behind its end.
    error WrongProofLength(uint256 length);

    /// @notice Root of a trie without any entry.
    bytes32 internal constant EMPTY_ROOT = 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421;

    uint256 private constant BRANCH_LENGTH = 17;
    uint256 private constant HASH_ITEM_LENGTH = 33;

    /// @dev Flag in the first nibble of a path: the node is a leaf.
    uint8 private constant LEAF_FLAG = 2;

    /// @notice Reverts unless the trie with this root has nothing under `key`.
    function requireAbsent(bytes32 root, bytes32 key, bytes[] memory proof) internal pure {
        if (root == EMPTY_ROOT) return;
        bytes memory path = abi.encodePacked(key).toNibbles();
        bytes32 expected = root;
        uint256 depth = 0;
        for (uint256 i = 0; i < proof.length; ++i) {
            require(keccak256(proof[i]) == expected, UnknownNode(i));
            Memory.Slice[] memory node = proof[i].decodeList();
            while (true) {
                (bool isEnd, uint256 nibbles, Memory.Slice child) = _step(node, path, depth, key);
                if (isEnd) {
                    require(i == proof.length - 1, WrongProofLength(proof.length));
                    return;
                }
                depth += nibbles;
                if (child.length() >= HASH_ITEM_LENGTH) {
                    expected = child.readBytes32();
                    break;
                }
                if (i + 1 < proof.length && child.equal(proof[i + 1].asSlice())) {
                    expected = keccak256(proof[i + 1]);
                    break;
                }
                node = child.readList();
            }
        }
        revert WrongProofLength(proof.length);
    }

    /// @return isEnd Whether the path ends here, with nothing.
    /// @return nibbles Nibbles of the path that this node consumes.
    /// @return child Item that names the next node.
    function _step(Memory.Slice[] memory node, bytes memory path, uint256 depth, bytes32 key)
        private
        pure
        returns (bool isEnd, uint256 nibbles, Memory.Slice child)
    {
        if (node.length == BRANCH_LENGTH) {
            child = node[uint8(path[depth])];
            // An empty string is one byte of RLP, and nothing else in a branch is.
            return (child.length() == 1, 1, child);
        }
        bytes memory partial_ = node[0].readBytes().toNibbles();
        uint8 flags = uint8(partial_[0]);
        Memory.Slice segment = partial_.asSlice().slice(2 - flags % 2);
        nibbles = segment.length();
        if (nibbles > path.length - depth || !segment.equal(path.asSlice().slice(depth, nibbles))) {
            return (true, nibbles, node[1]);
        }
        require(flags < LEAF_FLAG, KeyPresent(key));
        return (false, nibbles, node[1]);
    }
}
