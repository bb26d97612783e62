// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {AbsenceProofLib} from "./AbsenceProofLib.sol";

/// @notice Reads the state of another chain from proofs as `eth_getProof` gives them.
/// @dev A proof that does not hold reverts with {TrieProof-TrieProofTraversalError}, or for absence with an error of
/// {AbsenceProofLib}; bytes that are no node revert with {RLP-RLPInvalidEncoding}.
library StateProofLib {
    using Memory for bytes;
    using RLP for bytes;
    using RLP for Memory.Slice;

    /// @dev An account is the list nonce, balance, storage root, code hash.
    uint256 private constant STORAGE_ROOT_FIELD = 2;

    /// @notice Root of the storage of `account`.
    function storageRootOf(bytes32 stateRoot, address account, bytes[] memory proof)
        internal
        pure
        returns (bytes32)
    {
        bytes memory encoded = TrieProof.traverse(stateRoot, bytes.concat(accountKey(account)), proof);
        return encoded.decodeList()[STORAGE_ROOT_FIELD].readBytes32();
    }

    /// @notice The word at `slot`, which is not zero.
    function wordAt(bytes32 storageRoot, bytes32 slot, bytes[] memory proof) internal pure returns (uint256) {
        return TrieProof.traverse(storageRoot, bytes.concat(slotKey(slot)), proof).decodeUint256();
    }

    /// @notice Reverts unless the word at `slot` is zero.
    function requireZeroAt(bytes32 storageRoot, bytes32 slot, bytes[] memory proof) internal pure {
        AbsenceProofLib.requireAbsent(storageRoot, slotKey(slot), proof);
    }

    /// @notice Reverts unless `account` does not exist.
    function requireNoAccount(bytes32 stateRoot, address account, bytes[] memory proof) internal pure {
        AbsenceProofLib.requireAbsent(stateRoot, accountKey(account), proof);
    }

    /// @notice Key of an account in the state trie.
    function accountKey(address account) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(account));
    }

    /// @notice Key of a slot in a storage trie.
    function slotKey(bytes32 slot) internal pure returns (bytes32) {
        return keccak256(abi.encode(slot));
    }
}
