// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {MessageGateway} from "./MessageGateway.sol";
import {ICoGateway} from "./interfaces/ICoGateway.sol";
import {ITokenHolderFactory} from "./interfaces/ITokenHolderFactory.sol";
import {IUtilityBrandedToken} from "./interfaces/IUtilityBrandedToken.sol";
import {EconomyTerms, EconomyTermsLib} from "./libraries/EconomyTermsLib.sol";
import {Intent, IntentLib} from "./libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "./libraries/MessageBusLib.sol";

/// @title Minter of all economies of a chain pair, on the utility chain: mints for stakes, burns for redemptions.
///
/// ROLES
/// - owner (default admin): appoints registrars and pausers, sets mint limits; handed over in two steps.
/// - REGISTRAR_ROLE: registers economies whose token names this contract as its minter.
/// - PAUSER_ROLE: stops mints.
///
/// TRUST
/// - The state-root provider is trusted with the supply: a false root can mint, within each economy's limit.
/// - No role mints, changes terms, or stops what leaves. The owner and a pauser can hold up a mint whose stake is
///   already final on the value chain; a facilitator mints before it lets out the secret there.
/// - A registrar that registers other terms here than on the value chain makes messages that nobody can mint, and
///   that their senders take back.
///
/// TOKEN
/// {UtilityBrandedToken} of this chain's factories, which calls nobody back.
///
/// LIVENESS
/// Redemptions are declared and taken back without anybody; they are paid where the value is.
contract CoGateway is MessageGateway, ICoGateway {
    using EconomyTermsLib for EconomyTerms;
    using RateLimiter for RateLimiter.RefillingBucket;
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    /// @dev Each economy has a limiter of its own, with this one entry.
    bytes32 private constant LIMIT_KEY = 0;

    /* STORAGE */

    mapping(bytes32 economyId => RateLimiter.RefillingBucket) private _mintLimits;

    /// @inheritdoc ICoGateway
    mapping(address token => bytes32) public economyOf;

    /* CONSTRUCTOR */

    constructor(Setup memory setup) MessageGateway(setup) {}

    /* ADMIN */

    /// @inheritdoc ICoGateway
    function registerEconomy(EconomyTerms calldata terms, uint208 mintCapacity, uint48 mintWindow)
        external
        onlyRole(REGISTRAR_ROLE)
        returns (bytes32 economyId)
    {
        require(economyOf[terms.utilityToken] == 0, TokenTaken(terms.utilityToken));
        _requireTrue(terms);
        economyId = _register(terms);
        economyOf[terms.utilityToken] = economyId;
        _storeMintLimit(economyId, mintCapacity, mintWindow);
    }

    /// @inheritdoc ICoGateway
    function setMintLimit(bytes32 economyId, uint208 mintCapacity, uint48 mintWindow)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        _economy(economyId);
        // What was minted so far refilled at the old rate.
        _mintLimits[economyId].sync(LIMIT_KEY);
        _storeMintLimit(economyId, mintCapacity, mintWindow);
    }

    /* STAKE: TARGET */

    /// @inheritdoc ICoGateway
    function confirmStake(Intent calldata intent, uint256 height, bytes[] calldata proof) external {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.confirm(messageHash, _sourceStatus(messageHash, height, proof));
        emit StakeConfirmed(messageHash, intent.economyId, intent);
    }

    /// @inheritdoc ICoGateway
    function progressMint(Intent calldata intent, bytes32 secret) external {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.progressInbox(messageHash, intent.hashLock, secret);
        _mint(intent, messageHash, secret);
    }

    /// @inheritdoc ICoGateway
    function progressMintWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof) external {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.progressInboxProven(messageHash, _sourceStatus(messageHash, height, proof));
        _mint(intent, messageHash, 0);
    }

    /// @inheritdoc ICoGateway
    function confirmStakeRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof) external {
        bytes32 messageHash = stakeHash(intent);
        MessageBusLib.confirmRevocation(messageHash, _sourceStatus(messageHash, height, proof));
        emit StakeRevocationConfirmed(messageHash, intent.economyId);
    }

    /* REDEEM: SOURCE */

    /// @inheritdoc ICoGateway
    function redeem(Intent calldata intent) external returns (bytes32 messageHash) {
        _requireSender(intent);
        messageHash = _declareRedeem(intent);
        _collect(intent);
    }

    /// @inheritdoc ICoGateway
    function redeemWithPermit(Intent calldata intent, Permit calldata permit)
        external
        returns (bytes32 messageHash)
    {
        _requireSender(intent);
        messageHash = _declareRedeem(intent);
        _permit(_terms[intent.economyId].utilityToken, intent, permit);
        _collect(intent);
    }

    /// @inheritdoc ICoGateway
    function redeemBySignature(Intent calldata intent, bytes calldata signature, Permit calldata permit)
        external
        returns (bytes32 messageHash)
    {
        messageHash = _declareRedeem(intent);
        bool isSigned = SignatureChecker.isValidSignatureNowCalldata(intent.sender, messageHash, signature);
        require(isSigned, InvalidSignature());
        _permit(_terms[intent.economyId].utilityToken, intent, permit);
        _collect(intent);
    }

    /// @inheritdoc ICoGateway
    function progressRedeem(Intent calldata intent, bytes32 secret) external {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.progressOutbox(messageHash, intent.hashLock, secret);
        _finishRedeem(intent, messageHash, secret);
    }

    /// @inheritdoc ICoGateway
    function progressRedeemWithProof(Intent calldata intent, uint256 height, bytes[] calldata proof)
        external
    {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.progressOutboxProven(messageHash, _targetStatus(messageHash, height, proof));
        _finishRedeem(intent, messageHash, 0);
    }

    /// @inheritdoc ICoGateway
    function revokeRedeem(Intent calldata intent) external {
        bytes32 messageHash = redeemHash(intent);
        uint256 penalty = _declareRevocation(intent, messageHash);
        emit RedeemRevocationDeclared(messageHash, intent.economyId, intent.sender, penalty);
        _burnPenalty(_terms[intent.economyId].utilityToken, intent.sender, penalty);
    }

    /// @inheritdoc ICoGateway
    function progressRedeemRevocation(Intent calldata intent, uint256 height, bytes[] calldata proof)
        external
    {
        bytes32 messageHash = redeemHash(intent);
        MessageBusLib.progressRevocation(messageHash, _targetStatus(messageHash, height, proof));
        emit RedeemRevoked(messageHash, intent.economyId, msg.sender);
        _payBoth(_terms[intent.economyId].utilityToken, intent.sender, intent.amount, intent.bounty);
    }

    /* VIEWS */

    /// @inheritdoc ICoGateway
    function mintable(bytes32 economyId) external view returns (uint256) {
        return paused() ? 0 : _mintLimits[economyId].available(LIMIT_KEY);
    }

    /// @inheritdoc ICoGateway
    function stakeHash(Intent calldata intent) public view returns (bytes32) {
        return _remoteHash(intent, IntentLib.STAKE_TYPEHASH);
    }

    /// @inheritdoc ICoGateway
    function redeemHash(Intent calldata intent) public view returns (bytes32) {
        return _localHash(intent, IntentLib.REDEEM_TYPEHASH);
    }

    /* INTERNAL */

    function _mint(Intent calldata intent, bytes32 messageHash, bytes32 secret) private whenNotPaused {
        EconomyTerms storage terms = _economy(intent.economyId);
        uint256 amount = terms.toUtilityDown(intent.amount);
        _mintLimits[intent.economyId].consume(LIMIT_KEY, amount);
        emit Minted(messageHash, intent.economyId, intent.beneficiary, amount, intent.fee, secret);
        IUtilityBrandedToken token = IUtilityBrandedToken(terms.utilityToken);
        // The source let no fee above the amount be declared.
        token.mint(intent.beneficiary, amount - intent.fee);
        if (intent.fee != 0) token.mint(msg.sender, intent.fee);
    }

    function _declareRedeem(Intent calldata intent) private returns (bytes32 messageHash) {
        EconomyTerms storage terms = _economy(intent.economyId);
        messageHash = redeemHash(intent);
        _declare(intent, messageHash, terms.toValueDown(intent.amount));
        emit RedeemDeclared(messageHash, intent.economyId, intent.sender, intent);
    }

    function _finishRedeem(Intent calldata intent, bytes32 messageHash, bytes32 secret) private {
        address token = _terms[intent.economyId].utilityToken;
        emit RedeemProgressed(messageHash, intent.economyId, msg.sender, secret);
        IUtilityBrandedToken(token).burn(intent.amount);
        _pay(token, msg.sender, intent.bounty);
    }

    function _collect(Intent calldata intent) private {
        IERC20(_terms[intent.economyId].utilityToken)
            .safeTransferFrom(intent.sender, address(this), intent.amount + intent.bounty);
    }

    function _storeMintLimit(bytes32 economyId, uint208 capacity, uint48 window) private {
        _mintLimits[economyId].updateSettings(window, capacity);
        emit MintLimitChanged(economyId, capacity, window);
    }

    /// @dev Terms that can be looked up here are.
    function _requireTrue(EconomyTerms calldata terms) private view {
        IUtilityBrandedToken token = IUtilityBrandedToken(terms.utilityToken);
        bool isTrue = token.minter() == address(this)
            && IERC20Metadata(address(token)).decimals() == terms.utilityDecimals
            && token.holderFactory() == terms.holderFactory
            && ITokenHolderFactory(terms.holderFactory).INIT_CODE_HASH() == terms.holderInitCodeHash;
        require(isTrue, TermsContradictToken(terms.utilityToken));
    }
}
