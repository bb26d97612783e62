// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Knows the address of every holder before it exists, and deploys it when its user takes custody.
interface ITokenHolderFactory {
    /// @notice `holder` now belongs to `owner`; the operator's way to it is closed.
    event HolderDeployed(
        address indexed token, bytes12 indexed userSalt, address indexed holder, address owner
    );

    /// @notice The token does not name this factory as its own.
    error UnknownToken(address token);

    /// @notice The caller is no admin of the token's rules.
    error OnlyAdmin(address caller);

    /// @notice The user already has custody.
    error HolderExists(address holder);

    /// @notice Deploys the holder of (token, userSalt) for `owner` and closes the operator's way to it.
    /// Admins of the token's rules only.
    function deploy(address token, bytes12 userSalt, address owner) external returns (address holder);

    /// @notice Address of the holder of (token, userSalt), deployed or not.
    function holderAddress(address token, bytes12 userSalt) external view returns (address);

    /// @notice Hash of the init code of every holder, for CREATE2.
    // forge-lint: disable-next-line(mixed-case-function)
    function INIT_CODE_HASH() external view returns (bytes32);

    /// @notice The code behind every holder.
    // forge-lint: disable-next-line(mixed-case-function)
    function HOLDER_IMPLEMENTATION() external view returns (address);
}
