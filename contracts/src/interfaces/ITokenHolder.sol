// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Account of one user in one economy, once the user keeps its own key.
interface ITokenHolder {
    /// @notice The owner cannot leave: nobody could move the balance any more.
    error OwnershipCannotBeRenounced();

    /// @notice Makes a fresh clone the account of `owner`. Works once; the factory calls it on deployment.
    function initialize(address token, address owner) external;

    /// @notice Moves `amount` base units of the economy's token to `to`. Owner only.
    function transfer(address to, uint256 amount) external returns (bool);

    /// @notice Calls `to` with `value` wei and `data`; a revert is passed on. Owner only.
    function execute(address to, uint256 value, bytes calldata data) external returns (bytes memory result);

    /// @notice The economy's token.
    function token() external view returns (address);
}
