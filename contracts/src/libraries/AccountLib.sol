// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Accounts of a token, one storage word each: the balance in the low 128 bits, the custody flag in the
/// highest bit. They live in a Solidity mapping at the first slot of the token's ERC-7201 namespace; these
/// functions reach the same words with less gas.
library AccountLib {
    /// @dev keccak256(abi.encode(uint256(keccak256("ost-kit.storage.UtilityBrandedToken")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 internal constant STORAGE_LOCATION =
        0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae00;

    uint256 internal constant BALANCE_MASK = type(uint128).max;
    uint256 internal constant SELF_CUSTODIED_FLAG = 1 << 255;

    /// @dev keccak256("Transfer(address,address,uint256)")
    uint256 private constant TRANSFER_TOPIC =
        0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef;

    /// @notice Storage slot of the account of `holder`: Solidity's rule for a mapping at STORAGE_LOCATION.
    /// @dev Memory safety: only the scratch space is written. The upper bits of `holder` must be clear.
    function slotOf(address holder) internal pure returns (uint256 slot) {
        assembly ("memory-safe") {
            mstore(0x00, holder)
            mstore(0x20, STORAGE_LOCATION)
            slot := keccak256(0x00, 0x40)
        }
    }

    /// @notice The account in `slot`.
    function load(uint256 slot) internal view returns (uint256 account) {
        assembly ("memory-safe") {
            account := sload(slot)
        }
    }

    /// @notice Replaces the account in `slot`.
    function store(uint256 slot, uint256 account) internal {
        assembly ("memory-safe") {
            sstore(slot, account)
        }
    }

    /// @notice Emits ERC-20's `Transfer`.
    /// @dev Memory safety: only the scratch space is written.
    function emitTransfer(address from, address to, uint256 amount) internal {
        assembly ("memory-safe") {
            mstore(0x00, amount)
            log3(0x00, 0x20, TRANSFER_TOPIC, from, to)
        }
    }
}
