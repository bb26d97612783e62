// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Intent} from "../libraries/IntentLib.sol";

/// @notice The way out when the utility chain is given up: everyone proves what was theirs at its last root.
interface IChainHaltExit {
    /// @param account Nodes to the token's account.
    /// @param rulesSlot Nodes to the token's slot that names its rules contract.
    /// @param rulesAccount Nodes to the account of the rules contract.
    struct TokenProof {
        bytes[] account;
        bytes[] rulesSlot;
        bytes[] rulesAccount;
    }

    /// @param account Nodes to the holder's account.
    /// @param owner Nodes to its slot of the owner.
    /// @param balance Nodes to its balance in the token.
    struct HolderProof {
        bytes[] account;
        bytes[] owner;
        bytes[] balance;
    }

    /// @notice Storage of the economy's token and rules at the last root is known.
    event TokenProvenAtHalt(bytes32 indexed economyId, bytes32 tokenStorageRoot, bytes32 rulesStorageRoot);

    /// @notice `holder` left with `balance` base units of the utility token, for `recipient`.
    event HolderLeft(
        bytes32 indexed economyId, address indexed holder, address indexed recipient, uint256 balance
    );

    /// @notice The utility chain is not given up.
    error ChainNotHalted();

    /// @notice {IMessageGateway-proveGateway} at the last height, or {proveNoGateway}, comes first.
    error GatewayNotProven();

    /// @notice {proveToken} comes first.
    error TokenNotProven(bytes32 economyId);

    /// @notice The holder left before.
    error AlreadyLeft(bytes32 economyId, address holder);

    /// @notice The signature is of nobody who may decide for the holder.
    error NotEntitled(address signer);

    /// @notice The holder keeps its own keys: its owner signs.
    error SelfCustodied(address holder);

    /// @notice No recipient.
    error ZeroRecipient();

    /// @notice Proves that the remote gateway did not exist yet at the last root. Anyone.
    function proveNoGateway(bytes[] calldata absenceProof) external;

    /// @notice Proves an economy's token and rules at the last root. Anyone.
    function proveToken(bytes32 economyId, TokenProof calldata proof) external;

    /// @notice Pays for the balance of an account with a key, which signs {exitDigest}.
    function exitByKey(
        bytes32 economyId,
        address holder,
        address recipient,
        bytes calldata signature,
        bytes[] calldata balanceProof
    ) external;

    /// @notice Pays for the balance of a self-custodied holder, whose owner at the last root signs {exitDigest}.
    function exitByOwner(
        bytes32 economyId,
        bytes12 userSalt,
        address recipient,
        bytes calldata signature,
        HolderProof calldata proof
    ) external;

    /// @notice Pays for the balance of a managed holder; an admin of the economy at the last root, who could have
    /// handed the holder over then, signs {exitDigest}.
    /// @param roleProof Nodes to the slot of the signer's ADMIN_ROLE in the rules contract.
    function exitByAdmin(
        bytes32 economyId,
        bytes12 userSalt,
        address recipient,
        bytes calldata signature,
        bytes[] calldata roleProof,
        bytes[] calldata balanceProof
    ) external;

    /// @notice Pays a redemption that the utility chain had declared, and not taken back. Anyone.
    /// @param proof Nodes to its status on the utility chain.
    function exitRedeem(Intent calldata intent, bytes[] calldata proof) external;

    /// @notice Gives back a stake that was not minted. Anyone.
    /// @param isKnown Whether the utility chain had any status of it; otherwise `proof` is of its absence.
    function exitStake(Intent calldata intent, bool isKnown, bytes[] calldata proof) external;

    /// @notice What is signed to leave (EIP-712).
    function exitDigest(bytes32 economyId, address holder, address recipient) external view returns (bytes32);

    /// @notice Whether the remote gateway did not exist yet at the last root.
    function isGatewayAbsent() external view returns (bool);

    /// @notice Whether the holder has left.
    function hasLeft(bytes32 economyId, address holder) external view returns (bool);
}
