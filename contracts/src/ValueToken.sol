// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {
    ERC20TransferAuthorization
} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20TransferAuthorization.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";
import {IValueToken} from "./interfaces/IValueToken.sol";

/// @title OST of the sandbox: the value token as it is staked, with a faucet instead of a price.
///
/// ROLES
/// - owner (default admin): appoints faucets; handed over in two steps.
/// - FAUCET_ROLE: grants, within the cap of a grant and of the token.
///
/// TRUST
/// A faucet can create all there is. Production stakes the real token, which knows no faucet.
///
/// TOKEN
/// ERC-20 with ERC-2612 and ERC-3009 (keyed nonces), no fee, no hook. Never more than 800,000,000 whole tokens, as
/// the original.
///
/// LIVENESS
/// Nothing but grants depends on a role.
contract ValueToken is
    ERC20Capped,
    ERC20Permit,
    ERC20TransferAuthorization,
    AccessControlDefaultAdminRules,
    IValueToken
{
    /* CONSTANTS */

    /// @notice May grant.
    bytes32 public constant FAUCET_ROLE = keccak256("FAUCET_ROLE");

    uint256 private constant MAX_SUPPLY = 800_000_000e18;

    /* IMMUTABLES */

    /// @inheritdoc IValueToken
    uint256 public immutable maxPerGrant;

    /* CONSTRUCTOR */

    constructor(address owner_, string memory name_, string memory symbol_, uint256 maxPerGrant_)
        ERC20(name_, symbol_)
        ERC20Capped(MAX_SUPPLY)
        ERC20Permit(name_)
        AccessControlDefaultAdminRules(0, owner_)
    {
        maxPerGrant = maxPerGrant_;
    }

    /* GRANTS */

    /// @inheritdoc IValueToken
    function grant(address to, uint256 amount) external onlyRole(FAUCET_ROLE) {
        require(amount <= maxPerGrant, GrantCapExceeded(amount, maxPerGrant));
        emit Granted(to, amount);
        _mint(to, amount);
    }

    /* VIEWS */

    /// @notice The next nonce of ERC-2612, and of ERC-3009 under key 0.
    function nonces(address owner_) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner_);
    }

    /* INTERNAL */

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Capped) {
        super._update(from, to, value);
    }

    function _useCheckedNonce(address owner_, uint256 keyNonce) internal override(Nonces, NoncesKeyed) {
        super._useCheckedNonce(owner_, keyNonce);
    }
}
