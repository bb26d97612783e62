// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Creates the contracts of an economy at addresses that follow from its id.
interface IEconomyFactory {
    /// @param economyId Id of the economy; decides the addresses.
    /// @param name Name of the token.
    /// @param symbol Ticker of the token.
    /// @param decimals Places of the display unit, at most 18.
    /// @param owner Owner of the token rules.
    /// @param admin First admin of the token rules.
    /// @param operators First operators of the token rules.
    /// @param minter The token's minter; must be allow-listed.
    struct EconomyParams {
        bytes32 economyId;
        string name;
        string symbol;
        uint8 decimals;
        address owner;
        address admin;
        address[] operators;
        address minter;
    }

    /// @notice The economy's contracts exist.
    event EconomyCreated(bytes32 indexed economyId, address token, address tokenRules);

    /// @notice `minter` was put on the allow-list, or taken off it.
    event MinterSet(address indexed minter, bool allowed);

    /// @notice The economy was created before.
    error EconomyExists(bytes32 economyId);

    /// @notice The minter is not on the allow-list.
    error MinterNotAllowed(address minter);

    /// @notice Creates token and rules of an economy, both initialised. Deployers only.
    function createEconomy(EconomyParams calldata params) external returns (address token, address tokenRules);

    /// @notice Puts `minter` on the allow-list, or takes it off. Owner only.
    /// @dev Economies that already have the minter keep it.
    function setMinter(address minter, bool allowed) external;

    /// @notice Addresses of an economy's contracts, created or not.
    function predict(bytes32 economyId) external view returns (address token, address tokenRules);

    /// @notice Whether new economies may have `minter`.
    function isMinter(address minter) external view returns (bool);
}
