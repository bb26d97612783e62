// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPaymentErrors} from "./IPaymentErrors.sol";

/// @notice The branded token of one economy on its utility chain.
interface IUtilityBrandedToken is IERC20, IPaymentErrors {
    /// @notice The caller is not the token's minter.
    error OnlyMinter(address caller);

    /// @notice The caller is not the rules contract of this economy.
    error OnlyTokenRules(address caller);

    /// @notice The caller is not the holder factory of this chain.
    error OnlyHolderFactory(address caller);

    /// @notice More decimals than the 18 an amount of a packed leg can carry sensibly.
    error TooManyDecimals(uint8 decimals);

    /// @notice Minting would lift the supply above {maxSupply}.
    error MaxSupplyExceeded(uint256 supply, uint256 maxSupply);

    /// @notice Makes a fresh clone the token of an economy. Works once.
    /// @param name Name of the token, also of its EIP-712 domain.
    /// @param symbol Ticker.
    /// @param decimals Places of the display unit, at most 18.
    /// @param minter The only address that may mint.
    /// @param tokenRules The only address that may apply batches.
    function initialize(
        string calldata name,
        string calldata symbol,
        uint8 decimals,
        address minter,
        address tokenRules
    ) external;

    /// @notice Creates `amount` base units for `to`. Minter only.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` base units of the minter's own balance. Minter only.
    /// @dev A minter collects what it burns by an ordinary transfer first, so it never reaches into a holder.
    function burn(uint256 amount) external;

    /// @notice Ends the operator's way to `holder` for good. Holder factory only.
    function markSelfCustodied(address holder) external;

    /// @notice Applies a packed batch of payments. Rules contract only.
    /// @dev The encoding is described at {ITokenRules-executeBatch}. Payments are independent: each is applied
    /// whole or skipped whole, in order.
    /// @param payments Packed payments.
    /// @param perPayment Largest sum of one payment's legs, in base units.
    /// @param windowLeft Most that the whole batch may move, in base units.
    /// @return executed Number of payments applied.
    /// @return moved Sum of the applied legs, in base units.
    /// @return skips One word for each skipped payment, in order: index in the high 224 bits, reason in the low 32.
    function applyBatch(bytes calldata payments, uint256 perPayment, uint256 windowLeft)
        external
        returns (uint256 executed, uint256 moved, uint256[] memory skips);

    /// @notice Balances of many holders at one block, for reconciliation.
    function balancesOf(address[] calldata holders) external view returns (uint256[] memory balances);

    /// @notice Whether the operator's way to `holder` is closed.
    function isSelfCustodied(address holder) external view returns (bool);

    /// @notice Most base units that can exist: a balance is kept in 128 bits.
    function maxSupply() external view returns (uint256);

    /// @notice The only address that may mint.
    function minter() external view returns (address);

    /// @notice The rules contract of this economy.
    function tokenRules() external view returns (address);

    /// @notice The holder factory of this chain.
    function holderFactory() external view returns (address);
}
