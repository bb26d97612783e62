// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IEconomyFactory} from "./interfaces/IEconomyFactory.sol";
import {ITokenHolderFactory} from "./interfaces/ITokenHolderFactory.sol";
import {ITokenRules} from "./interfaces/ITokenRules.sol";
import {IUtilityBrandedToken} from "./interfaces/IUtilityBrandedToken.sol";
import {TokenRules} from "./TokenRules.sol";
import {UtilityBrandedToken} from "./UtilityBrandedToken.sol";

/// @title Creates economies of a chain: clones of one token and one rules contract, at addresses known beforehand.
///
/// ROLES
/// - owner (default admin): allow-lists minters, appoints deployers; handed over in two steps.
/// - DEPLOYER_ROLE: creates economies.
///
/// TRUST
/// A deployer decides name, owner, admin and operators of an economy, so a stolen key can occupy the addresses of
/// ids that are not created yet; it has no power over economies that exist. The owner decides who can ever mint.
/// Clones cannot be upgraded.
///
/// TOKEN
/// Every token created here is a {UtilityBrandedToken} with this chain's holder factory.
///
/// LIVENESS
/// Economies do not depend on this contract once they exist.
contract EconomyFactory is AccessControlDefaultAdminRules, IEconomyFactory {
    /* CONSTANTS */

    /// @notice May create economies.
    bytes32 public constant DEPLOYER_ROLE = keccak256("DEPLOYER_ROLE");

    /* IMMUTABLES */

    /// @notice The code behind every token.
    address public immutable TOKEN_IMPLEMENTATION;

    /// @notice The code behind every rules contract.
    address public immutable TOKEN_RULES_IMPLEMENTATION;

    /* STORAGE */

    /// @inheritdoc IEconomyFactory
    mapping(address minter => bool) public isMinter;

    /* CONSTRUCTOR */

    constructor(address owner_, ITokenHolderFactory holderFactory) AccessControlDefaultAdminRules(0, owner_) {
        TOKEN_IMPLEMENTATION = address(new UtilityBrandedToken(holderFactory));
        TOKEN_RULES_IMPLEMENTATION = address(new TokenRules());
    }

    /* ADMIN */

    /// @inheritdoc IEconomyFactory
    function setMinter(address minter, bool allowed) external onlyRole(DEFAULT_ADMIN_ROLE) {
        isMinter[minter] = allowed;
        emit MinterSet(minter, allowed);
    }

    /* ECONOMIES */

    /// @inheritdoc IEconomyFactory
    function createEconomy(EconomyParams calldata params)
        external
        onlyRole(DEPLOYER_ROLE)
        returns (address token, address tokenRules)
    {
        require(isMinter[params.minter], MinterNotAllowed(params.minter));
        (token, tokenRules) = predict(params.economyId);
        require(token.code.length == 0, EconomyExists(params.economyId));
        emit EconomyCreated(params.economyId, token, tokenRules);
        Clones.cloneDeterministic(TOKEN_IMPLEMENTATION, params.economyId);
        Clones.cloneDeterministic(TOKEN_RULES_IMPLEMENTATION, params.economyId);
        _initialize(params, token, tokenRules);
    }

    /* VIEWS */

    /// @inheritdoc IEconomyFactory
    function predict(bytes32 economyId) public view returns (address token, address tokenRules) {
        token = Clones.predictDeterministicAddress(TOKEN_IMPLEMENTATION, economyId);
        tokenRules = Clones.predictDeterministicAddress(TOKEN_RULES_IMPLEMENTATION, economyId);
    }

    /* INTERNAL */

    function _initialize(EconomyParams calldata params, address token, address tokenRules) private {
        IUtilityBrandedToken(token)
            .initialize(params.name, params.symbol, params.decimals, params.minter, tokenRules);
        ITokenRules(tokenRules).initialize(token, params.owner, params.admin, params.operators);
    }
}
