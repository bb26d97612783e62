// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MultiSignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";
import {ISignerSet} from "./interfaces/ISignerSet.sol";

/// @title n signers of which k decide, also about who they are. No owner stands above them.
abstract contract SignerSet is MultiSignerERC7913, EIP712, ISignerSet {
    /* CONSTANTS */

    bytes32 private constant UPDATE_TYPEHASH =
        keccak256("SignersUpdate(bytes[] added,bytes[] removed,uint64 threshold,uint256 nonce)");

    /* STORAGE */

    /// @inheritdoc ISignerSet
    uint256 public updateNonce;

    /* CONSTRUCTOR */

    constructor(string memory name, bytes[] memory signers, uint64 threshold_)
        MultiSignerERC7913(signers, threshold_)
        EIP712(name, "1")
    {}

    /* ADMIN */

    /// @inheritdoc ISignerSet
    function updateSigners(
        bytes[] calldata added,
        bytes[] calldata removed,
        uint64 newThreshold,
        uint256 nonce,
        bytes calldata signatures
    ) external {
        require(nonce == updateNonce, WrongUpdateNonce(nonce, updateNonce));
        _requireSigned(signersDigest(added, removed, newThreshold, nonce), signatures);
        updateNonce = nonce + 1;
        _addSigners(added);
        // A lower threshold before the removal that may need it, a higher one after.
        if (newThreshold < threshold()) _setThreshold(newThreshold);
        _removeSigners(removed);
        if (newThreshold != threshold()) _setThreshold(newThreshold);
    }

    /* VIEWS */

    /// @inheritdoc ISignerSet
    function signersDigest(
        bytes[] calldata added,
        bytes[] calldata removed,
        uint64 newThreshold,
        uint256 nonce
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(UPDATE_TYPEHASH, _hashOf(added), _hashOf(removed), newThreshold, nonce))
        );
    }

    /* INTERNAL */

    function _requireSigned(bytes32 digest, bytes calldata signatures) internal view {
        require(_rawSignatureValidation(digest, signatures), NotSigned());
    }

    /// @dev Hash of an array of bytes by EIP-712: of the hashes of its elements.
    function _hashOf(bytes[] calldata elements) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](elements.length);
        for (uint256 i = 0; i < elements.length; ++i) {
            hashes[i] = keccak256(elements[i]);
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
