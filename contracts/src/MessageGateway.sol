// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IMessageGateway} from "./interfaces/IMessageGateway.sol";
import {IStateRootProvider} from "./interfaces/IStateRootProvider.sol";
import {EconomyTerms, EconomyTermsLib} from "./libraries/EconomyTermsLib.sol";
import {Intent, IntentLib} from "./libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "./libraries/MessageBusLib.sol";
import {StateProofLib} from "./libraries/StateProofLib.sol";

/// @title One end of a chain pair: its economies, the hashes of its messages, and proofs about the other end.
abstract contract MessageGateway is
    AccessControlDefaultAdminRules,
    EIP712,
    NoncesKeyed,
    Pausable,
    Multicall,
    IMessageGateway
{
    using EconomyTermsLib for EconomyTerms;
    using IntentLib for Intent;
    using SafeERC20 for IERC20;

    /// @param owner Appoints registrars and pausers.
    /// @param remoteGateway The gateway at the other end.
    /// @param stateRoots Final roots of the chain at the other end.
    struct Setup {
        address owner;
        address remoteGateway;
        IStateRootProvider stateRoots;
    }

    /* CONSTANTS */

    /// @notice May register economies.
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");

    /// @notice May pause and unpause what adds supply: stakes and mints. Never what leaves.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice Where penalties go: to nobody, so that nobody gains from a revocation, its sender least of all.
    address public constant BURNER = 0x000000000000000000000000000000000000dEaD;

    /// @notice Seconds after its deadline from which a message that is not finished is overdue.
    /// @dev A week: a facilitator that stood still over a weekend, a held up root and a mint limit that refills in a
    /// day have their time, and it is over before the utility chain can be given up.
    uint256 public constant OVERDUE_AFTER = 7 days;

    uint256 private constant PENALTY_PERCENT = 150;

    /* IMMUTABLES */

    /// @notice The gateway at the other end.
    address public immutable REMOTE_GATEWAY;

    /// @notice Chain id of the other end.
    uint256 public immutable REMOTE_CHAIN_ID;

    /// @notice Final roots of the chain at the other end.
    IStateRootProvider public immutable STATE_ROOTS;

    bytes32 private immutable REMOTE_DOMAIN_SEPARATOR;

    /* STORAGE */

    mapping(bytes32 economyId => EconomyTerms) internal _terms;

    /// @inheritdoc IMessageGateway
    mapping(uint256 height => bytes32) public provenStorageRoot;

    /* CONSTRUCTOR */

    constructor(Setup memory setup)
        AccessControlDefaultAdminRules(0, setup.owner)
        EIP712(IntentLib.NAME, IntentLib.VERSION)
    {
        STATE_ROOTS = setup.stateRoots;
        REMOTE_GATEWAY = setup.remoteGateway;
        REMOTE_CHAIN_ID = setup.stateRoots.remoteChainId();
        REMOTE_DOMAIN_SEPARATOR = IntentLib.domainSeparator(REMOTE_CHAIN_ID, setup.remoteGateway);
    }

    /* ADMIN */

    /// @notice Stops what adds supply. Pausers only.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Lets supply grow again. Pausers only.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /* PROOFS */

    /// @inheritdoc IMessageGateway
    function proveGateway(uint256 height, bytes[] calldata accountProof)
        external
        returns (bytes32 storageRoot)
    {
        storageRoot = StateProofLib.storageRootOf(_stateRootAt(height), REMOTE_GATEWAY, accountProof);
        provenStorageRoot[height] = storageRoot;
        emit GatewayProven(height, storageRoot);
    }

    /* VIEWS */

    /// @inheritdoc IMessageGateway
    function outboxStatus(bytes32 messageHash) external view returns (MessageStatus) {
        return MessageBusLib.outboxStatus(messageHash);
    }

    /// @inheritdoc IMessageGateway
    function inboxStatus(bytes32 messageHash) external view returns (MessageStatus) {
        return MessageBusLib.inboxStatus(messageHash);
    }

    /// @inheritdoc IMessageGateway
    function economyTerms(bytes32 economyId) external view returns (EconomyTerms memory) {
        return _economy(economyId);
    }

    /// @inheritdoc IMessageGateway
    function revocationPenalty(uint256 bounty) public pure returns (uint256) {
        return bounty * PENALTY_PERCENT / 100;
    }

    /* INTERNAL: ECONOMIES */

    function _register(EconomyTerms calldata terms) internal returns (bytes32 economyId) {
        terms.requireValid();
        economyId = terms.idOf();
        require(_terms[economyId].rate == 0, EconomyExists(economyId));
        _terms[economyId] = terms;
        emit EconomyRegistered(economyId, terms.utilityToken, terms.valueToken, terms);
    }

    function _economy(bytes32 economyId) internal view returns (EconomyTerms storage terms) {
        terms = _terms[economyId];
        require(terms.rate != 0, UnknownEconomy(economyId));
    }

    /* INTERNAL: MESSAGES */

    /// @dev Hash of a message that is declared here.
    function _localHash(Intent calldata intent, bytes32 typeHash) internal view returns (bytes32) {
        return _hashTypedDataV4(intent.structHash(typeHash, REMOTE_CHAIN_ID, REMOTE_GATEWAY));
    }

    /// @dev Hash of a message that is declared at the other end.
    function _remoteHash(Intent calldata intent, bytes32 typeHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(
            REMOTE_DOMAIN_SEPARATOR, intent.structHash(typeHash, block.chainid, address(this))
        );
    }

    /// @dev What every declaration checks and uses up, whatever is moved; `received` is what arrives for `amount`.
    function _declare(Intent calldata intent, bytes32 messageHash, uint256 received) internal {
        require(block.timestamp <= intent.deadline, IntentExpired(intent.deadline));
        require(intent.beneficiary != address(0), ZeroBeneficiary());
        require(received > intent.fee, AmountTooSmall(intent.amount, received, intent.fee));
        _useCheckedNonce(intent.sender, intent.nonce);
        MessageBusLib.declare(messageHash);
    }

    /// @dev The sender takes a message back for a penalty; once it is overdue, anyone does for nothing.
    function _declareRevocation(Intent calldata intent, bytes32 messageHash)
        internal
        returns (uint256 penalty)
    {
        // The deadline is anything its sender signed: nothing may be added to it.
        if (Math.saturatingSub(block.timestamp, OVERDUE_AFTER) <= intent.deadline) {
            _requireSender(intent);
            penalty = revocationPenalty(intent.bounty);
        }
        MessageBusLib.declareRevocation(messageHash);
    }

    function _requireSender(Intent calldata intent) internal view {
        require(msg.sender == intent.sender, OnlySender(msg.sender));
    }

    /// @dev Where a message that was declared at the other end stands there.
    function _sourceStatus(bytes32 messageHash, uint256 height, bytes[] calldata proof)
        internal
        view
        returns (MessageStatus)
    {
        return _remoteStatus(MessageBusLib.outboxSlot(messageHash), height, proof);
    }

    /// @dev Where a message that was declared here stands at the other end.
    function _targetStatus(bytes32 messageHash, uint256 height, bytes[] calldata proof)
        internal
        view
        returns (MessageStatus)
    {
        return _remoteStatus(MessageBusLib.inboxSlot(messageHash), height, proof);
    }

    /// @dev Status at the other end, as of a proven height.
    function _remoteStatus(bytes32 slot, uint256 height, bytes[] calldata proof)
        private
        view
        returns (MessageStatus)
    {
        bytes32 storageRoot = provenStorageRoot[height];
        require(storageRoot != 0, HeightNotProven(height));
        uint256 word = StateProofLib.wordAt(storageRoot, slot, proof);
        require(word <= uint256(type(MessageStatus).max), NotAStatus(word));
        return MessageStatus(word);
    }

    function _stateRootAt(uint256 height) internal view virtual returns (bytes32) {
        return STATE_ROOTS.stateRoot(height);
    }

    /* INTERNAL: TOKENS */

    /// @dev A permit that was brought by somebody else before has done its work, so its failure is none: the
    /// transfer decides.
    function _permit(address token, Intent calldata intent, Permit calldata permit) internal {
        uint256 value = intent.amount + intent.bounty;
        try IERC20Permit(token)
            .permit(intent.sender, address(this), value, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
    }

    /// @dev The sender pays the penalty of a revocation.
    function _burnPenalty(address token, address sender, uint256 penalty) internal {
        if (penalty != 0) IERC20(token).safeTransferFrom(sender, BURNER, penalty);
    }

    /// @dev `reward` is for who brought the call.
    function _payBoth(address token, address to, uint256 amount, uint256 reward) internal {
        _pay(token, to, amount);
        _pay(token, msg.sender, reward);
    }

    function _pay(address token, address to, uint256 amount) internal {
        if (amount != 0) IERC20(token).safeTransfer(to, amount);
    }
}
