// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    AccessControlDefaultAdminRulesUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/extensions/AccessControlDefaultAdminRulesUpgradeable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {ITokenRules} from "./interfaces/ITokenRules.sol";
import {IUtilityBrandedToken} from "./interfaces/IUtilityBrandedToken.sol";
import {SkipListLib} from "./libraries/SkipListLib.sol";

/// @title Rules of one economy: operators move managed balances, within the owner's caps.
///
/// ROLES
/// - owner (default admin): sets caps, appoints and dismisses admins, pauses; handed over in two steps. No delay
///   lies between the steps unless the owner sets one with `changeDefaultAdminDelay`.
/// - ADMIN_ROLE: appoints and dismisses operators, pauses and unpauses, hands holders over to their users.
/// - OPERATOR_ROLE: executes batches. Keys of the relayer's lanes.
///
/// TRUST
/// - An operator's key that is stolen can move managed balances until it is dismissed or the rules are paused, at
///   most `perPayment` at a time and `perWindow` in a window. It cannot touch self-custodied holders or any
///   address that is not a holder of this economy: the token derives the payer from its salt. It cannot give a
///   holder away either: {ITokenHolderFactory-deploy} is the admin's.
/// - Owner and admin are trusted not to appoint hostile operators; they move no balance themselves.
///
/// TOKEN
/// Only the economy's own {UtilityBrandedToken}, which calls nobody back; so recording the window after the call
/// cannot be exploited by re-entering.
///
/// LIVENESS
/// While paused, or without an operator, managed balances rest; self-custodied holders are not affected.
contract TokenRules is AccessControlDefaultAdminRulesUpgradeable, PausableUpgradeable, ITokenRules {
    /* CONSTANTS */

    /// @notice May appoint operators and pause.
    bytes32 public constant ADMIN_ROLE = keccak256("ADMIN_ROLE");

    /// @notice May execute batches.
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");

    uint96 private constant UNLIMITED_PER_PAYMENT = type(uint96).max;
    uint128 private constant UNLIMITED_PER_WINDOW = type(uint128).max;
    uint32 private constant DEFAULT_WINDOW_SECONDS = 1 days;

    /* STORAGE */

    /// @dev What moved in the window with this number, counted from the epoch in the window length in force.
    struct Window {
        uint64 number;
        uint128 used;
    }

    Caps private _caps;
    Window private _window;
    IUtilityBrandedToken private _token;

    /* CONSTRUCTOR */

    /// @notice The code behind all rules of a chain; itself it can never be initialised.
    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc ITokenRules
    function initialize(address token_, address owner_, address admin_, address[] calldata operators)
        external
        initializer
    {
        __AccessControlDefaultAdminRules_init(0, owner_);
        _setRoleAdmin(OPERATOR_ROLE, ADMIN_ROLE);
        if (admin_ != address(0)) _grantRole(ADMIN_ROLE, admin_);
        for (uint256 i = 0; i < operators.length; ++i) {
            _grantRole(OPERATOR_ROLE, operators[i]);
        }
        _token = IUtilityBrandedToken(token_);
        _storeCaps(Caps(UNLIMITED_PER_PAYMENT, UNLIMITED_PER_WINDOW, DEFAULT_WINDOW_SECONDS));
    }

    /* BATCHES */

    /// @inheritdoc ITokenRules
    function executeBatch(bytes32 batchId, bytes calldata payments)
        external
        onlyRole(OPERATOR_ROLE)
        whenNotPaused
        returns (uint256 executed, uint256 skipped)
    {
        Caps memory caps_ = _caps;
        uint128 used = _usedIn(_windowNumber(caps_));
        uint256 moved;
        uint256[] memory skips;
        (executed, moved, skips) = _token.applyBatch(payments, _perPayment(caps_), _windowLeft(caps_, used));
        skipped = skips.length;
        _storeWindow(caps_, used, moved);
        _emitSkips(batchId, skips);
        emit BatchExecuted(batchId, executed, skipped);
    }

    /* ADMIN */

    /// @inheritdoc ITokenRules
    function setCaps(uint96 perPayment, uint128 perWindow, uint32 windowSeconds)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        require(windowSeconds != 0, ZeroWindow());
        uint128 used = windowUsed();
        Caps memory caps_ = Caps(perPayment, perWindow, windowSeconds);
        _storeCaps(caps_);
        _window = Window(_windowNumber(caps_), used);
    }

    /// @inheritdoc ITokenRules
    function pause() external {
        _requireAdminOrOwner();
        _pause();
    }

    /// @inheritdoc ITokenRules
    function unpause() external {
        _requireAdminOrOwner();
        _unpause();
    }

    /* VIEWS */

    /// @inheritdoc ITokenRules
    function caps() external view returns (uint96 perPayment, uint128 perWindow, uint32 windowSeconds) {
        Caps memory caps_ = _caps;
        return (caps_.perPayment, caps_.perWindow, caps_.windowSeconds);
    }

    /// @inheritdoc ITokenRules
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc ITokenRules
    function windowUsed() public view returns (uint128 used) {
        return _usedIn(_windowNumber(_caps));
    }

    /* INTERNAL */

    function _windowNumber(Caps memory caps_) private view returns (uint64) {
        // Seconds since the epoch fit 64 bits for longer than the sun lasts.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(block.timestamp / caps_.windowSeconds);
    }

    function _usedIn(uint64 number) private view returns (uint128) {
        Window memory window = _window;
        return window.number == number ? window.used : 0;
    }

    /// @dev Several legs can sum up to more than one amount can hold, so unlimited is more than the cap's type.
    function _perPayment(Caps memory caps_) private pure returns (uint256) {
        return caps_.perPayment == UNLIMITED_PER_PAYMENT ? type(uint256).max : caps_.perPayment;
    }

    /// @dev Lowered caps can be below what already moved: then nothing is left.
    function _windowLeft(Caps memory caps_, uint128 used) private pure returns (uint256) {
        if (caps_.perWindow == UNLIMITED_PER_WINDOW) return type(uint256).max;
        return caps_.perWindow > used ? caps_.perWindow - used : 0;
    }

    /// @dev An unlimited window counts up to the maximum of its type and stays there.
    function _storeWindow(Caps memory caps_, uint128 used, uint256 moved) private {
        uint256 total = used + moved;
        // forge-lint: disable-next-line(unsafe-typecast)
        uint128 counted = total > UNLIMITED_PER_WINDOW ? UNLIMITED_PER_WINDOW : uint128(total);
        _window = Window(_windowNumber(caps_), counted);
    }

    function _storeCaps(Caps memory caps_) private {
        _caps = caps_;
        emit CapsChanged(caps_.perPayment, caps_.perWindow, caps_.windowSeconds);
    }

    function _emitSkips(bytes32 batchId, uint256[] memory skips) private {
        for (uint256 i = 0; i < skips.length; ++i) {
            (uint256 index, bytes4 reason) = SkipListLib.unpack(skips[i]);
            emit PaymentSkipped(batchId, index, reason);
        }
    }

    function _requireAdminOrOwner() private view {
        bool isAllowed = hasRole(ADMIN_ROLE, msg.sender) || msg.sender == owner();
        require(isAllowed, OnlyAdminOrOwner(msg.sender));
    }
}
