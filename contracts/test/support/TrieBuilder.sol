// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// @dev Merkle-Patricia tries of 32-byte keys, written as plainly as possible from the yellow paper's appendix D: root
/// and proofs, of presence and of absence. Agreement with a real node's `eth_getProof` is shown in
/// test/adapters/evm/gateway-proofs.test.ts, where the same contracts verify that node's proofs.
library TrieBuilder {
    struct Entry {
        bytes32 key;
        /// RLP of what is stored.
        bytes value;
    }

    uint256 private constant NIBBLES = 64;

    function root(Entry[] memory entries) internal pure returns (bytes32) {
        return entries.length == 0 ? keccak256(hex"80") : keccak256(_node(entries, 0));
    }

    /// @dev The nodes on the path of `key`, as far as there are any.
    function prove(Entry[] memory entries, bytes32 key) internal pure returns (bytes[] memory proof) {
        proof = new bytes[](NIBBLES + 1);
        uint256 count = 0;
        uint256 depth = 0;
        while (entries.length != 0) {
            proof[count++] = _node(entries, depth);
            if (entries.length == 1) break;
            uint256 fork = _forkOf(entries, depth);
            if (fork > depth) {
                if (!_agree(entries[0].key, key, depth, fork)) break;
                depth = fork;
                continue;
            }
            entries = _under(entries, depth, _nibble(key, depth));
            ++depth;
        }
        assembly ("memory-safe") {
            mstore(proof, count)
        }
    }

    function _node(Entry[] memory entries, uint256 depth) private pure returns (bytes memory) {
        if (entries.length == 1) {
            return _pair(_path(entries[0].key, depth, NIBBLES, true), RLP.encode(entries[0].value));
        }
        uint256 fork = _forkOf(entries, depth);
        if (fork > depth) {
            return _pair(_path(entries[0].key, depth, fork, false), _reference(_node(entries, fork)));
        }
        bytes[] memory items = new bytes[](17);
        for (uint256 i = 0; i < 16; ++i) {
            Entry[] memory below = _under(entries, depth, i);
            items[i] = below.length == 0 ? bytes(hex"80") : _reference(_node(below, depth + 1));
        }
        items[16] = hex"80";
        return RLP.encode(items);
    }

    function _pair(bytes memory path, bytes memory encoded) private pure returns (bytes memory) {
        bytes[] memory items = new bytes[](2);
        items[0] = RLP.encode(path);
        items[1] = encoded;
        return RLP.encode(items);
    }

    function _reference(bytes memory node) private pure returns (bytes memory) {
        return node.length < 32 ? node : RLP.encode(bytes.concat(keccak256(node)));
    }

    /// @dev First nibble from `depth` on in which not all keys agree.
    function _forkOf(Entry[] memory entries, uint256 depth) private pure returns (uint256 fork) {
        fork = NIBBLES;
        for (uint256 i = 1; i < entries.length; ++i) {
            uint256 j = depth;
            while (j < fork && _nibble(entries[0].key, j) == _nibble(entries[i].key, j)) ++j;
            fork = j;
        }
    }

    function _under(Entry[] memory entries, uint256 depth, uint256 nibble)
        private
        pure
        returns (Entry[] memory below)
    {
        below = new Entry[](entries.length);
        uint256 count = 0;
        for (uint256 i = 0; i < entries.length; ++i) {
            if (_nibble(entries[i].key, depth) == nibble) below[count++] = entries[i];
        }
        assembly ("memory-safe") {
            mstore(below, count)
        }
    }

    /// @dev Hex-prefix encoding of the nibbles [from, to) of `key`.
    function _path(bytes32 key, uint256 from, uint256 to, bool isLeaf)
        private
        pure
        returns (bytes memory path)
    {
        uint256 odd = (to - from) % 2;
        uint256 flags = (isLeaf ? 2 : 0) + odd;
        path = new bytes((to - from) / 2 + 1);
        path[0] = bytes1(uint8(odd == 1 ? flags * 16 + _nibble(key, from) : flags * 16));
        uint256 position = from + odd;
        for (uint256 i = 1; i < path.length; ++i) {
            path[i] = bytes1(uint8(_nibble(key, position) * 16 + _nibble(key, position + 1)));
            position += 2;
        }
    }

    function _agree(bytes32 left, bytes32 right, uint256 from, uint256 to) private pure returns (bool) {
        for (uint256 i = from; i < to; ++i) {
            if (_nibble(left, i) != _nibble(right, i)) return false;
        }
        return true;
    }

    function _nibble(bytes32 key, uint256 index) private pure returns (uint256) {
        return (uint256(key) >> (252 - 4 * index)) & 0xf;
    }
}
