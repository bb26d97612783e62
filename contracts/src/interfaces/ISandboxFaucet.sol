// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Mints play money for sandbox economies, within bounds.
interface ISandboxFaucet {
    /// @notice `amount` base units of `token` were minted to `to`.
    event Granted(address indexed token, address indexed to, uint256 amount);

    /// @notice The caps of tokens without caps of their own were set.
    event DefaultCapsChanged(uint120 maxPerGrant, uint128 maxTotal);

    /// @notice The caps of `token` were set.
    event TokenCapsChanged(address indexed token, uint120 maxPerGrant, uint128 maxTotal);

    /// @notice One grant asks for more than it may.
    error GrantCapExceeded(address token, uint256 amount, uint256 maxPerGrant);

    /// @notice All grants of the token together would be more than they may.
    error TotalCapExceeded(address token, uint256 amount, uint256 left);

    /// @notice Mints `amount` base units of `token` to `to`. Granters only.
    function grant(address token, address to, uint256 amount) external;

    /// @notice Sets the caps of every token without caps of its own. Owner only.
    function setDefaultCaps(uint120 maxPerGrant, uint128 maxTotal) external;

    /// @notice Sets the caps of `token`. Owner only. A total below what was granted stops further grants.
    function setTokenCaps(address token, uint120 maxPerGrant, uint128 maxTotal) external;

    /// @notice Most base units of one grant of `token`.
    function maxPerGrant(address token) external view returns (uint256);

    /// @notice Most base units of all grants of `token` together.
    function maxTotal(address token) external view returns (uint256);

    /// @notice Base units of `token` granted so far.
    function granted(address token) external view returns (uint256);
}
