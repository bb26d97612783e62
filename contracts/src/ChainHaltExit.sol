// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {IChainHaltExit} from "./interfaces/IChainHaltExit.sol";
import {IGateway} from "./interfaces/IGateway.sol";
import {AbsenceProofLib} from "./libraries/AbsenceProofLib.sol";
import {AccountLib} from "./libraries/AccountLib.sol";
import {EconomyTerms} from "./libraries/EconomyTermsLib.sol";
import {HolderAddressLib} from "./libraries/HolderAddressLib.sol";
import {Intent} from "./libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "./libraries/MessageBusLib.sol";
import {StateProofLib} from "./libraries/StateProofLib.sol";

/// @title Way out of a chain pair whose utility chain is given up.
///
/// ROLES
/// None. Anyone may bring proofs; who is paid is decided by state at the last root, and signatures.
///
/// TRUST
/// - An account with a key speaks for itself; a self-custodied holder's owner for the holder. Contracts are not
///   asked: whoever has a contract's address on the value chain need not be who had it on the utility chain.
/// - For a managed holder, nobody has a key. An admin of its economy decides, as it could while the chain lived, by
///   handing the holder over. That admin is trusted to pay the user, now as then.
/// - The last root is trusted as every root.
///
/// TOKEN
/// Knows the storage layout of this platform's {UtilityBrandedToken}, {TokenRules} and {TokenHolder}.
///
/// LIVENESS
/// Needs nobody's permission, and somebody's copy of the utility chain's state. Balances of other contracts stay in
/// the vault.
contract ChainHaltExit is EIP712, Multicall, IChainHaltExit {
    /* CONSTANTS */

    bytes32 private constant EXIT_TYPEHASH =
        keccak256("ChainHaltExit(bytes32 economyId,address holder,address recipient)");

    bytes32 private constant ADMIN_ROLE = keccak256("ADMIN_ROLE");

    /// @dev Where {UtilityBrandedToken} keeps the address of its rules: two slots into its namespace.
    bytes32 private constant TOKEN_RULES_SLOT =
        0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae02;

    /// @dev Namespaces of OpenZeppelin's upgradeable Ownable and AccessControl.
    bytes32 private constant OWNER_SLOT = 0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300;
    bytes32 private constant ROLES_SLOT = 0x02dd7bc7dec4dceedda775e58dd541e08a116c6c53815c0bd028192f7b626800;

    /* IMMUTABLES */

    IGateway public immutable GATEWAY;
    address private immutable REMOTE_GATEWAY;

    /* STORAGE */

    struct TokenRoots {
        bytes32 token;
        bytes32 rules;
    }

    /// @inheritdoc IChainHaltExit
    bool public isGatewayAbsent;

    mapping(bytes32 economyId => TokenRoots) private _roots;

    /// @inheritdoc IChainHaltExit
    mapping(bytes32 economyId => mapping(address holder => bool)) public hasLeft;

    /* CONSTRUCTOR */

    constructor(IGateway gateway, address remoteGateway) EIP712("OST KIT Exit", "1") {
        (GATEWAY, REMOTE_GATEWAY) = (gateway, remoteGateway);
    }

    /* PROOFS */

    /// @inheritdoc IChainHaltExit
    function proveNoGateway(bytes[] calldata absenceProof) external {
        StateProofLib.requireNoAccount(_stateRoot(), REMOTE_GATEWAY, absenceProof);
        isGatewayAbsent = true;
    }

    /// @inheritdoc IChainHaltExit
    function proveToken(bytes32 economyId, TokenProof calldata proof) external {
        bytes32 stateRoot = _stateRoot();
        address token = GATEWAY.economyTerms(economyId).utilityToken;
        bytes32 tokenRoot = StateProofLib.storageRootOf(stateRoot, token, proof.account);
        // Decimals stand above the address.
        address rules = address(uint160(StateProofLib.wordAt(tokenRoot, TOKEN_RULES_SLOT, proof.rulesSlot)));
        bytes32 rulesRoot = StateProofLib.storageRootOf(stateRoot, rules, proof.rulesAccount);
        _roots[economyId] = TokenRoots(tokenRoot, rulesRoot);
        emit TokenProvenAtHalt(economyId, tokenRoot, rulesRoot);
    }

    /* BALANCES */

    /// @inheritdoc IChainHaltExit
    function exitByKey(
        bytes32 economyId,
        address holder,
        address recipient,
        bytes calldata signature,
        bytes[] calldata balanceProof
    ) external {
        address signer = _signer(economyId, holder, recipient, signature);
        require(signer == holder, NotEntitled(signer));
        uint256 account = _account(economyId, holder, balanceProof);
        _leave(economyId, holder, recipient, account);
    }

    /// @inheritdoc IChainHaltExit
    function exitByOwner(
        bytes32 economyId,
        bytes12 userSalt,
        address recipient,
        bytes calldata signature,
        HolderProof calldata proof
    ) external {
        address holder = _holder(economyId, userSalt);
        address signer = _signer(economyId, holder, recipient, signature);
        bytes32 holderRoot = StateProofLib.storageRootOf(_stateRoot(), holder, proof.account);
        uint256 owner = StateProofLib.wordAt(holderRoot, OWNER_SLOT, proof.owner);
        require(owner == uint160(signer), NotEntitled(signer));
        uint256 account = _account(economyId, holder, proof.balance);
        _leave(economyId, holder, recipient, account);
    }

    /// @inheritdoc IChainHaltExit
    function exitByAdmin(
        bytes32 economyId,
        bytes12 userSalt,
        address recipient,
        bytes calldata signature,
        bytes[] calldata roleProof,
        bytes[] calldata balanceProof
    ) external {
        address holder = _holder(economyId, userSalt);
        address signer = _signer(economyId, holder, recipient, signature);
        _requireAdmin(economyId, signer, roleProof);
        uint256 account = _account(economyId, holder, balanceProof);
        require(account & AccountLib.SELF_CUSTODIED_FLAG == 0, SelfCustodied(holder));
        _leave(economyId, holder, recipient, account);
    }

    /* MESSAGES */

    /// @inheritdoc IChainHaltExit
    function exitRedeem(Intent calldata intent, bytes[] calldata proof) external {
        bytes32 slot = MessageBusLib.outboxSlot(GATEWAY.redeemHash(intent));
        GATEWAY.payRedeemExit(intent, _statusAt(slot, proof));
    }

    /// @inheritdoc IChainHaltExit
    function exitStake(Intent calldata intent, bool isKnown, bytes[] calldata proof) external {
        bytes32 slot = MessageBusLib.inboxSlot(GATEWAY.stakeHash(intent));
        MessageStatus target;
        if (isKnown) target = _statusAt(slot, proof);
        else StateProofLib.requireZeroAt(_gatewayRoot(), slot, proof);
        GATEWAY.refundStakeExit(intent, target);
    }

    /* VIEWS */

    /// @inheritdoc IChainHaltExit
    function exitDigest(bytes32 economyId, address holder, address recipient) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(EXIT_TYPEHASH, economyId, holder, recipient)));
    }

    /* INTERNAL */

    function _leave(bytes32 economyId, address holder, address recipient, uint256 account) private {
        require(recipient != address(0), ZeroRecipient());
        require(!hasLeft[economyId][holder], AlreadyLeft(economyId, holder));
        hasLeft[economyId][holder] = true;
        uint256 balance = account & AccountLib.BALANCE_MASK;
        emit HolderLeft(economyId, holder, recipient, balance);
        GATEWAY.payExit(economyId, recipient, balance);
    }

    function _stateRoot() private view returns (bytes32 stateRoot) {
        (, stateRoot) = GATEWAY.haltedAt();
        require(stateRoot != 0, ChainNotHalted());
    }

    /// @dev Storage root of the remote gateway at the last root; what never existed has no storage.
    function _gatewayRoot() private view returns (bytes32 root) {
        (uint256 height, bytes32 stateRoot) = GATEWAY.haltedAt();
        require(stateRoot != 0, ChainNotHalted());
        if (isGatewayAbsent) return AbsenceProofLib.EMPTY_ROOT;
        root = GATEWAY.provenStorageRoot(height);
        require(root != 0, GatewayNotProven());
    }

    function _statusAt(bytes32 slot, bytes[] calldata proof) private view returns (MessageStatus) {
        // The word is of the remote gateway's own enum, so the conversion holds, and reverts if it did not.
        return MessageStatus(StateProofLib.wordAt(_gatewayRoot(), slot, proof));
    }

    /// @dev Balance and custody flag of the holder at the last root.
    function _account(bytes32 economyId, address holder, bytes[] calldata proof)
        private
        view
        returns (uint256)
    {
        bytes32 root = _roots[economyId].token;
        require(root != 0, TokenNotProven(economyId));
        return StateProofLib.wordAt(root, bytes32(AccountLib.slotOf(holder)), proof);
    }

    function _requireAdmin(bytes32 economyId, address signer, bytes[] calldata proof) private view {
        bytes32 root = _roots[economyId].rules;
        require(root != 0, TokenNotProven(economyId));
        bytes32 membersSlot = keccak256(abi.encode(ADMIN_ROLE, ROLES_SLOT));
        bytes32 slot = keccak256(abi.encode(signer, membersSlot));
        require(StateProofLib.wordAt(root, slot, proof) == 1, NotEntitled(signer));
    }

    function _holder(bytes32 economyId, bytes12 userSalt) private view returns (address) {
        EconomyTerms memory terms = GATEWAY.economyTerms(economyId);
        bytes32 salt = HolderAddressLib.saltOf(terms.utilityToken, userSalt);
        return HolderAddressLib.predict(terms.holderFactory, salt, terms.holderInitCodeHash);
    }

    function _signer(bytes32 economyId, address holder, address recipient, bytes calldata signature)
        private
        view
        returns (address)
    {
        return ECDSA.recoverCalldata(exitDigest(economyId, holder, recipient), signature);
    }
}
