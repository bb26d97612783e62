// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {vm} from "./Vm.sol";

/// @dev Three keys of an organisation, and their signatures as ERC-7913 multi-signatures have them.
library SignerKeys {
    uint256 private constant COUNT = 3;

    function all() internal pure returns (bytes[] memory signers) {
        signers = new bytes[](COUNT);
        for (uint256 i = 0; i < COUNT; ++i) {
            signers[i] = signerAt(i);
        }
    }

    function signerAt(uint256 index) internal pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(_key(index)));
    }

    /// @dev Signatures of the first `count` keys, in rising order of the hashes of their signers.
    function sign(bytes32 digest, uint256 count) internal pure returns (bytes memory) {
        bytes[] memory signers = new bytes[](count);
        bytes[] memory signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            (bytes memory signer, bytes memory signature) = (signerAt(i), _signature(_key(i), digest));
            uint256 j = i;
            for (; j > 0 && keccak256(signers[j - 1]) > keccak256(signer); --j) {
                (signers[j], signatures[j]) = (signers[j - 1], signatures[j - 1]);
            }
            (signers[j], signatures[j]) = (signer, signature);
        }
        return abi.encode(signers, signatures);
    }

    function _key(uint256 index) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("signer", index)));
    }

    function _signature(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
