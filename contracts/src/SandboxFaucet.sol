// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ISandboxFaucet} from "./interfaces/ISandboxFaucet.sol";
import {IUtilityBrandedToken} from "./interfaces/IUtilityBrandedToken.sol";

/// @title Minter of sandbox economies: play money within bounds.
///
/// ROLES
/// - owner (default admin): sets caps, appoints granters; handed over in two steps.
/// - GRANTER_ROLE: grants within the caps.
///
/// TRUST
/// A granter can inflate sandbox tokens up to their total, to anyone. Tokens backed by value never name this
/// contract as their minter.
///
/// TOKEN
/// A token that does not name this contract as its minter refuses the grant. A hostile token may call back in: the
/// grant is recorded before the token is called, and only granters get in.
///
/// LIVENESS
/// Grants end when a token's total is reached, until the owner raises it. Nothing else depends on this contract.
contract SandboxFaucet is AccessControlDefaultAdminRules, ISandboxFaucet {
    /* CONSTANTS */

    /// @notice May grant.
    bytes32 public constant GRANTER_ROLE = keccak256("GRANTER_ROLE");

    /* STORAGE */

    /// @dev `isSet` tells a token's own caps of zero from no caps of its own.
    struct GrantCaps {
        bool isSet;
        uint120 maxPerGrant;
        uint128 maxTotal;
    }

    GrantCaps private _defaultCaps;
    mapping(address token => GrantCaps) private _tokenCaps;

    /// @inheritdoc ISandboxFaucet
    mapping(address token => uint256) public granted;

    /* CONSTRUCTOR */

    constructor(address owner_, uint120 maxPerGrant_, uint128 maxTotal_)
        AccessControlDefaultAdminRules(0, owner_)
    {
        _storeDefaultCaps(maxPerGrant_, maxTotal_);
    }

    /* ADMIN */

    /// @inheritdoc ISandboxFaucet
    function setDefaultCaps(uint120 maxPerGrant_, uint128 maxTotal_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _storeDefaultCaps(maxPerGrant_, maxTotal_);
    }

    /// @inheritdoc ISandboxFaucet
    function setTokenCaps(address token, uint120 maxPerGrant_, uint128 maxTotal_)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        _tokenCaps[token] = GrantCaps(true, maxPerGrant_, maxTotal_);
        emit TokenCapsChanged(token, maxPerGrant_, maxTotal_);
    }

    /* GRANTS */

    /// @inheritdoc ISandboxFaucet
    function grant(address token, address to, uint256 amount) external onlyRole(GRANTER_ROLE) {
        GrantCaps memory caps = _capsOf(token);
        require(amount <= caps.maxPerGrant, GrantCapExceeded(token, amount, caps.maxPerGrant));
        uint256 before = granted[token];
        uint256 left = caps.maxTotal > before ? caps.maxTotal - before : 0;
        require(amount <= left, TotalCapExceeded(token, amount, left));
        granted[token] = before + amount;
        emit Granted(token, to, amount);
        IUtilityBrandedToken(token).mint(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc ISandboxFaucet
    function maxPerGrant(address token) external view returns (uint256) {
        return _capsOf(token).maxPerGrant;
    }

    /// @inheritdoc ISandboxFaucet
    function maxTotal(address token) external view returns (uint256) {
        return _capsOf(token).maxTotal;
    }

    /* INTERNAL */

    function _capsOf(address token) private view returns (GrantCaps memory) {
        GrantCaps memory caps = _tokenCaps[token];
        return caps.isSet ? caps : _defaultCaps;
    }

    function _storeDefaultCaps(uint120 maxPerGrant_, uint128 maxTotal_) private {
        _defaultCaps = GrantCaps(true, maxPerGrant_, maxTotal_);
        emit DefaultCapsChanged(maxPerGrant_, maxTotal_);
    }
}
