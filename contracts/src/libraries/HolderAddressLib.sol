// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice CREATE2 addresses of token holders: `keccak256(0xff | factory | salt | initCodeHash)` of EIP-1014.
library HolderAddressLib {
    /// @notice Where the user's part of the salt begins in memory, counted from the pointer to a preimage: behind the
    /// length word, 0xff, the factory and the token (32 + 1 + 20 + 20).
    uint256 internal constant USER_SALT_OFFSET = 73;

    uint256 private constant USER_SALT_LENGTH = 12;

    /// @dev 0xff, factory, salt, hash of the init code (1 + 20 + 32 + 32).
    uint256 private constant PREIMAGE_LENGTH = 85;

    /// @notice Salt of a holder: token in the high 20 bytes, user in the low 12.
    function saltOf(address token, bytes12 userSalt) internal pure returns (bytes32) {
        return bytes32(bytes20(token)) | bytes32(uint256(uint96(userSalt)));
    }

    /// @notice Hash of the init code of an EIP-1167 clone of `implementation`, as OpenZeppelin's `Clones` writes it.
    function initCodeHash(address implementation) internal pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                hex"3d602d80600a3d3981f3363d3d373d3d3d363d73",
                implementation,
                hex"5af43d82803e903d91602b57fd5bf3"
            )
        );
    }

    /// @notice Address of the holder with `salt`.
    function predict(address factory, bytes32 salt, bytes32 codeHash) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), factory, salt, codeHash)))));
    }

    /// @notice Allocates the preimage of all holders of `token`, with room for the user's part of the salt.
    function preimageOf(address factory, address token, bytes32 codeHash)
        internal
        pure
        returns (bytes memory preimage)
    {
        return abi.encodePacked(bytes1(0xff), factory, token, bytes12(0), codeHash);
    }

    /// @notice Address of the holder whose user salt stands at calldata position `position`.
    /// @dev `preimage` must come from {preimageOf}; its user part is overwritten, so it serves any number of calls.
    /// Memory safety: the copy writes the bytes 41..52 of the 85 bytes that {preimageOf} allocated, and the hash
    /// reads exactly those 85. Behind the end of calldata the copy reads zeros. The result is cut to 160 bits.
    function holderAt(bytes memory preimage, uint256 position) internal pure returns (address holder) {
        assembly ("memory-safe") {
            calldatacopy(add(preimage, USER_SALT_OFFSET), position, USER_SALT_LENGTH)
            holder := shr(96, shl(96, keccak256(add(preimage, 0x20), PREIMAGE_LENGTH)))
        }
    }
}
