// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ChainHaltExit} from "./ChainHaltExit.sol";
import {MessageGateway} from "./MessageGateway.sol";
import {IGateway} from "./interfaces/IGateway.sol";
import {EconomyTerms, EconomyTermsLib} from "./libraries/EconomyTermsLib.sol";
import {Intent, IntentLib} from "./libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "./libraries/MessageBusLib.sol";

/// @title Vault of all economies of a chain pair, on the value chain: stakes go in, redemptions come out.
///
/// ROLES
/// - owner (default admin): appoints registrars and pausers; handed over in two steps.
/// - REGISTRAR_ROLE: registers economies; closes them to new stakes.
/// - PAUSER_ROLE: stops new stakes.
/// - exit: the contract made here, which pays once the utility chain is given up.
///
/// TRUST
/// - The state-root provider is trusted with every vault: a false root can release what is staked, of any economy.
///   It cannot reach stakes on their way: they are counted apart.
/// - No role moves value, changes terms, or stops what leaves.
/// - Facilitators are not trusted: they bring what is proven here, and compete for bounty and fee.
///
/// TOKEN
/// Value tokens are chosen by the registrar. One that takes a fee is refused at each stake; one that calls back
/// finds every effect already recorded; one that rebases downwards breaks its own economies only if no other shares
/// it, so it must not be registered.
///
/// LIVENESS
/// Redemptions need roots, and nobody in particular. If roots stay away for {HALT_AFTER}, {halt} opens the exit.
contract Gateway is MessageGateway, IGateway {
    using EconomyTermsLib for EconomyTerms;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    /// @dev Sequence number in a keyed nonce.
    uint256 private constant SEQUENCE_MASK = type(uint64).max;

    /* IMMUTABLES */

    /// @notice Seconds without a newer root after which the utility chain can be given up.
    uint256 public immutable HALT_AFTER;

    /// @notice Who pays holders then.
    ChainHaltExit public immutable EXIT;

    /* STORAGE */

    /// @dev In base units of the value token.
    struct Vault {
        uint120 staked;
        uint120 inFlight;
        bool isClosed;
    }

    mapping(bytes32 economyId => Vault) private _vaults;
    uint256 private _haltHeight;
    bytes32 private _haltStateRoot;

    /* CONSTRUCTOR */

    constructor(Setup memory setup, uint256 haltAfter) MessageGateway(setup) {
        HALT_AFTER = haltAfter;
        EXIT = new ChainHaltExit(this, setup.remoteGateway);
    }

    /* ADMIN */

    /// @inheritdoc IGateway
    function registerEconomy(EconomyTerms calldata terms)
        external
        onlyRole(REGISTRAR_ROLE)
        returns (bytes32 economyId)
    {
        bool isTrue =
            IERC20Metadata(terms.valueToken).decimals() == terms.valueDecimals;
        require(isTrue, TermsContradictToken(terms.valueToken));
        return _register(terms);
    }

    /// @inheritdoc IGateway
    function setClosed(bytes32 economyId, bool isClosed) external onlyRole(REGISTRAR_ROLE) {
        _economy(economyId);
        _vaults[economyId].isClosed = isClosed;
        emit EconomyClosed(economyId, isClosed);
    }

    /* STAKE: SOURCE */

    /// @inheritdoc IGateway
    function stake(Intent calldata intent) external returns (bytes32 messageHash) {
        _requireSender(intent);
        messageHash = _declareStake(intent);
        _collect(intent);
    }

    /// @inheritdoc IGateway
    function stakeWithPermit(Intent calldata intent, Permit calldata permit)
        external
        returns (bytes32 messageHash)
    {
        _requireSender(intent);
        messageHash = _declareStake(intent);
        _permit(_terms[intent.economyId].valueToken, intent, permit);
        _collect(intent);
    }

    /// @inheritdoc IGateway
    function stakeWithAuthorization(
        Intent calldata intent,
        uint256 validAfter,
        uint256 validBefore,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 messageHash) {
        messageHash = _declareStake(intent);
        IERC20 token = IERC20(_terms[intent.economyId].valueToken);
        uint256 value = intent.amount + intent.bounty;
        uint256 before = token.balanceOf(address(this));
        bytes32 nonce = bytes32(uint256(messageHash) & ~SEQUENCE_MASK);
        IERC3009(address(token))
            .receiveWithAuthorization(
                intent.sender, address(this), value, validAfter, validBefore, nonce, v, r, s
            );
        _requireArrived(token, before, value);
    }

    /// @inheritdoc IGateway
    function progressStake(Intent calldata intent, bytes32 secret) external {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.progressOutbox(messageHash, intent.hashLock, secret);
        _finishStake(intent, messageHash, secret);
    }

    /// @inheritdoc IGateway
    function progressStakeWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof) external {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.progressOutboxProven(messageHash, _targetStatus(messageHash, height, proof));
        _finishStake(intent, messageHash, 0);
    }

    /// @inheritdoc IGateway
    function revokeStake(Intent calldata intent) external {
        bytes32 messageHash = stakeHash(intent);
        uint256 penalty = _declareRevocation(intent, messageHash);
        emit StakeRevocationDeclared(messageHash, intent.economyId, intent.sender, penalty);
        _burnPenalty(_terms[intent.economyId].valueToken, intent.sender, penalty);
    }

    /// @inheritdoc IGateway
    function progressStakeRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof)
        external
    {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.progressRevocation(messageHash, _targetStatus(messageHash, height, proof));
        _vaults[intent.economyId].inFlight -= intent.amount.toUint120();
        emit StakeRevoked(messageHash, intent.economyId, msg.sender);
        _payBoth(_terms[intent.economyId].valueToken, intent.sender, intent.amount, intent.bounty);
    }

    /* REDEEM: TARGET */

    /// @inheritdoc IGateway
    function confirmRedeem(Intent calldata intent, uint256 height, bytes[] calldata proof) external {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.confirm(messageHash, _sourceStatus(messageHash, height, proof));
        emit RedeemConfirmed(messageHash, intent.economyId, intent);
    }

    /// @inheritdoc IGateway
    function progressUnstake(Intent calldata intent, bytes32 secret) external {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.progressInbox(messageHash, intent.hashLock, secret);
        _unstake(intent, messageHash, secret);
    }

    /// @inheritdoc IGateway
    function progressUnstakeWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof)
        external
    {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.progressInboxProven(messageHash, _sourceStatus(messageHash, height, proof));
        _unstake(intent, messageHash, 0);
    }

    /// @inheritdoc IGateway
    function confirmRedeemRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof)
        external
    {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.confirmRevocation(messageHash, _sourceStatus(messageHash, height, proof));
        emit RedeemRevocationConfirmed(messageHash, intent.economyId);
    }

    /* CHAIN HALT */

    /// @inheritdoc IGateway
    function halt() external {
        _requireNotHalted();
        (uint256 height, uint256 anchoredAt) = STATE_ROOTS.latest();
        require(block.timestamp >= anchoredAt + HALT_AFTER, NotHalted(anchoredAt + HALT_AFTER));
        _haltHeight = height;
        _haltStateRoot = STATE_ROOTS.stateRoot(height);
        emit ChainHalted(height, _haltStateRoot);
    }

    /// @inheritdoc IGateway
    function payExit(bytes32 economyId, address recipient, uint256 utilityAmount) external {
        _requireExit();
        EconomyTerms storage terms = _economy(economyId);
        uint256 amount = terms.toValueDown(utilityAmount);
        _debit(economyId, amount);
        emit ExitPaid(economyId, recipient, amount);
        _pay(terms.valueToken, recipient, amount);
    }

    /// @inheritdoc IGateway
    /// @dev The bounty is still in escrow there unless the source progressed. A redemption that was being taken back
    /// goes to its beneficiary as well: its sender may be a contract, whose address is nobody's on this chain.
    function payRedeemExit(Intent calldata intent, MessageStatus source) external {
        _requireExit();
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.closeInbox(messageHash, source);
        EconomyTerms storage terms = _economy(intent.economyId);
        uint256 escrowed = source == MessageStatus.Progressed ? intent.amount : intent.amount + intent.bounty;
        uint256 amount = terms.toValueDown(escrowed);
        _debit(intent.economyId, amount);
        emit Unstaked(messageHash, intent.economyId, intent.beneficiary, amount, 0, 0);
        _pay(terms.valueToken, intent.beneficiary, amount);
    }

    /// @inheritdoc IGateway
    function refundStakeExit(Intent calldata intent, MessageStatus target) external {
        _requireExit();
        bytes32 messageHash = stakeHash(intent);
        MessageStatus before = MessageBusLib.closeOutbox(messageHash, target);
        bool isProgressed = before == MessageStatus.Progressed;
        if (isProgressed) _debit(intent.economyId, intent.amount);
        else _vaults[intent.economyId].inFlight -= intent.amount.toUint120();
        emit StakeRevoked(messageHash, intent.economyId, msg.sender);
        uint256 refund = isProgressed ? intent.amount : intent.amount + intent.bounty;
        _pay(_terms[intent.economyId].valueToken, intent.sender, refund);
    }

    /* VIEWS */

    /// @inheritdoc IGateway
    function vault(bytes32 economyId)
        external
        view
        returns (uint256 staked, uint256 inFlight, bool isClosed)
    {
        Vault memory vault_ = _vaults[economyId];
        return (vault_.staked, vault_.inFlight, vault_.isClosed);
    }

    /// @inheritdoc IGateway
    function stakeHash(Intent calldata intent) public view returns (bytes32) {
        return _localHash(intent, IntentLib.STAKE_TYPEHASH);
    }

    /// @inheritdoc IGateway
    function redeemHash(Intent calldata intent) public view returns (bytes32) {
        return _remoteHash(intent, IntentLib.REDEEM_TYPEHASH);
    }

    /// @inheritdoc IGateway
    function haltedAt() external view returns (uint256 height, bytes32 stateRoot) {
        return (_haltHeight, _haltStateRoot);
    }

    /* INTERNAL */

    function _declareStake(Intent calldata intent) private whenNotPaused returns (bytes32 messageHash) {
        _requireNotHalted();
        EconomyTerms storage terms = _economy(intent.economyId);
        Vault storage vault_ = _vaults[intent.economyId];
        require(!vault_.isClosed, EconomyIsClosed(intent.economyId));
        messageHash = stakeHash(intent);
        _declare(intent, messageHash, terms.toUtilityDown(intent.amount));
        vault_.inFlight += intent.amount.toUint120();
        emit StakeDeclared(messageHash, intent.economyId, intent.sender, intent);
    }

    /// @dev From now on the stake backs supply.
    function _finishStake(Intent calldata intent, bytes32 messageHash, bytes32 secret) private {
        Vault storage vault_ = _vaults[intent.economyId];
        uint120 amount = intent.amount.toUint120();
        (vault_.staked, vault_.inFlight) = (vault_.staked + amount, vault_.inFlight - amount);
        emit StakeProgressed(messageHash, intent.economyId, msg.sender, secret);
        _pay(_terms[intent.economyId].valueToken, msg.sender, intent.bounty);
    }

    function _unstake(Intent calldata intent, bytes32 messageHash, bytes32 secret) private {
        EconomyTerms storage terms = _economy(intent.economyId);
        uint256 amount = terms.toValueDown(intent.amount);
        _debit(intent.economyId, amount);
        emit Unstaked(messageHash, intent.economyId, intent.beneficiary, amount, intent.fee, secret);
        // The source let no fee above the amount be declared.
        _payBoth(terms.valueToken, intent.beneficiary, amount - intent.fee, intent.fee);
    }

    function _debit(bytes32 economyId, uint256 amount) private {
        Vault storage vault_ = _vaults[economyId];
        uint256 staked = vault_.staked;
        require(amount <= staked, VaultTooSmall(economyId, staked, amount));
        vault_.staked = (staked - amount).toUint120();
    }

    function _collect(Intent calldata intent) private {
        IERC20 token = IERC20(_terms[intent.economyId].valueToken);
        uint256 value = intent.amount + intent.bounty;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(intent.sender, address(this), value);
        _requireArrived(token, before, value);
    }

    function _requireArrived(IERC20 token, uint256 before, uint256 value) private view {
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == value, ValueMissing(received, value));
    }

    /// @dev What the utility chain did after the height it was given up at does not count; the root of that height
    /// outlives the provider's memory.
    function _stateRootAt(uint256 height) internal view override returns (bytes32) {
        if (_haltStateRoot == 0) return STATE_ROOTS.stateRoot(height);
        require(height <= _haltHeight, UtilityChainHalted(_haltHeight));
        return height == _haltHeight ? _haltStateRoot : STATE_ROOTS.stateRoot(height);
    }

    function _requireNotHalted() private view {
        require(_haltStateRoot == 0, UtilityChainHalted(_haltHeight));
    }

    function _requireExit() private view {
        require(msg.sender == address(EXIT), OnlyExit(msg.sender));
    }
}
