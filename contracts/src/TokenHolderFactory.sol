// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ITokenHolder} from "./interfaces/ITokenHolder.sol";
import {ITokenHolderFactory} from "./interfaces/ITokenHolderFactory.sol";
import {IUtilityBrandedToken} from "./interfaces/IUtilityBrandedToken.sol";
import {HolderAddressLib} from "./libraries/HolderAddressLib.sol";
import {TokenHolder} from "./TokenHolder.sol";

/// @title Deploys the holders of all economies of a chain at addresses that follow from token and user.
///
/// ROLES
/// None of its own: an admin of a token's rules may deploy holders of that token. No owner, no upgrade.
///
/// TRUST
/// - The admin names the first owner of a holder; for a managed holder it is trusted with that. The operators, whose
///   keys are online with the relayer, are not: a stolen one must not give holders away past all caps.
/// - A token is not trusted. It may lie about its rules or admins, but the address of a holder contains the
///   token's, so that a hostile token can only give away holders of its own. It may also call back in here: every
///   deployment stands for itself, and no storage exists to be confused.
///
/// LIVENESS
/// A holder can only be deployed while its economy has an admin; its address can receive at any time.
contract TokenHolderFactory is ITokenHolderFactory {
    /* CONSTANTS */

    bytes32 private constant ADMIN_ROLE = keccak256("ADMIN_ROLE");

    /* IMMUTABLES */

    /// @inheritdoc ITokenHolderFactory
    address public immutable HOLDER_IMPLEMENTATION;

    /// @inheritdoc ITokenHolderFactory
    bytes32 public immutable INIT_CODE_HASH;

    /* CONSTRUCTOR */

    constructor() {
        HOLDER_IMPLEMENTATION = address(new TokenHolder());
        INIT_CODE_HASH = HolderAddressLib.initCodeHash(HOLDER_IMPLEMENTATION);
    }

    /* DEPLOYMENT */

    /// @inheritdoc ITokenHolderFactory
    function deploy(address token, bytes12 userSalt, address owner) external returns (address holder) {
        _requireAdmin(token);
        holder = holderAddress(token, userSalt);
        require(holder.code.length == 0, HolderExists(holder));
        emit HolderDeployed(token, userSalt, holder, owner);
        Clones.cloneDeterministic(HOLDER_IMPLEMENTATION, HolderAddressLib.saltOf(token, userSalt));
        ITokenHolder(holder).initialize(token, owner);
        IUtilityBrandedToken(token).markSelfCustodied(holder);
    }

    /* VIEWS */

    /// @inheritdoc ITokenHolderFactory
    function holderAddress(address token, bytes12 userSalt) public view returns (address) {
        return
            HolderAddressLib.predict(address(this), HolderAddressLib.saltOf(token, userSalt), INIT_CODE_HASH);
    }

    /* INTERNAL */

    function _requireAdmin(address token) private view {
        require(token.code.length != 0, UnknownToken(token));
        require(IUtilityBrandedToken(token).holderFactory() == address(this), UnknownToken(token));
        IAccessControl rules = IAccessControl(IUtilityBrandedToken(token).tokenRules());
        require(rules.hasRole(ADMIN_ROLE, msg.sender), OnlyAdmin(msg.sender));
    }
}
