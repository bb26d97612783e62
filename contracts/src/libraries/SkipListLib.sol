// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice A list of skipped payments that grows in place, as most batches have none and their number is unknown.
library SkipListLib {
    uint256 private constant INDEX_SHIFT = 32;

    /// @notice An empty list at the end of allocated memory.
    function create() internal pure returns (uint256[] memory) {
        return new uint256[](0);
    }

    /// @notice Appends payment `index`, skipped for `reason`.
    /// @dev Memory safety: the assertion proves that the list ends at the free memory pointer, so the word written
    /// belongs to nobody, and the pointer is moved behind it. It fails if memory was allocated since {create}.
    function push(uint256[] memory list, uint256 index, bytes4 reason) internal pure {
        uint256 entry = (index << INDEX_SHIFT) | uint32(reason);
        bool isLast;
        assembly ("memory-safe") {
            let length := add(mload(list), 1)
            let end := add(list, shl(5, length))
            isLast := eq(end, mload(0x40))
            if isLast {
                mstore(end, entry)
                mstore(0x40, add(end, 0x20))
                mstore(list, length)
            }
        }
        assert(isLast);
    }

    /// @notice Parts of an entry of the list.
    function unpack(uint256 entry) internal pure returns (uint256 index, bytes4 reason) {
        // The cast keeps the low 32 bits on purpose: they are the reason.
        // forge-lint: disable-next-line(unsafe-typecast)
        return (entry >> INDEX_SHIFT, bytes4(uint32(entry)));
    }
}
