// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Accounts of a token, one storage word each: the balance in the low 128 bits, the custody flag in the
/// highest bit.
///
/// @dev The account of an address stands at `SPACE | address`, an array of 2^160 words addressed directly. A Solidity
/// mapping would hash each address once more, which a batch item cannot afford: 98 gas of a budget of 13,000, of
/// which the chain itself takes 12,400.
///
/// Two addresses never share a slot, as the slot contains the address. No other variable of the token shares one
/// with an account: all of them stand at keccak256 outputs or within a few slots of one, and to meet an account
/// such an output must equal SPACE in its high 96 bits and the account's address in the low 160. To steal by that,
/// someone has to find an allowance or nonce slot that equals the slot of an address of their own, which is a
/// collision between two sets of 256-bit values, 2^128 work: no less than for the slots of two mappings.
library AccountLib {
    /// @notice Slot of the zero address: keccak256("ost-kit.storage.UtilityBrandedToken.accounts"), low 160 bits clear.
    uint256 internal constant SPACE = 0x02c85791e4d26e41721a99f60000000000000000000000000000000000000000;

    /// @notice Bits of the balance.
    uint256 internal constant BALANCE_MASK = type(uint128).max;

    /// @notice Set once the holder keeps its own keys. The highest bit, so that such an account is negative when
    /// read as a signed number, and thereby smaller than any amount.
    uint256 internal constant SELF_CUSTODIED_FLAG = 1 << 255;

    /// @notice Storage slot of the account of `holder`.
    function slotOf(address holder) internal pure returns (uint256 slot) {
        return SPACE | uint160(holder);
    }

    /// @notice The account of `holder`.
    function load(address holder) internal view returns (uint256 account) {
        uint256 slot = slotOf(holder);
        assembly ("memory-safe") {
            account := sload(slot)
        }
    }

    /// @notice Replaces the account of `holder`.
    function store(address holder, uint256 account) internal {
        uint256 slot = slotOf(holder);
        assembly ("memory-safe") {
            sstore(slot, account)
        }
    }

    /// @notice Adds `amount` to the balance of `holder`.
    /// @dev The caller proves that balance + amount <= total supply < 2^128, so that nothing is carried into the flag.
    function credit(address holder, uint256 amount) internal {
        unchecked {
            store(holder, load(holder) + amount);
        }
    }

    /// @notice Takes `amount` from the balance of `holder`.
    /// @dev The caller proves that amount <= balance, so that nothing is borrowed from the flag.
    function debit(address holder, uint256 amount) internal {
        unchecked {
            store(holder, load(holder) - amount);
        }
    }
}
