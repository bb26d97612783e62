// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice What a sender wants moved from the chain of the message to the other one. Signed as `StakeIntent` or
/// `RedeemIntent` by EIP-712, whose digest is the message's hash.
/// @param economyId Hash of the economy's terms.
/// @param sender Who pays, on the source.
/// @param beneficiary Who receives, on the target.
/// @param amount Base units of the source's token that are moved.
/// @param bounty Base units of the source's token for whoever finishes the message on the source.
/// @param fee Base units of the target's token, out of what is moved, for whoever finishes it on the target.
/// @param nonce Key in the high 192 bits, number in the low 64; messages with different keys are independent.
/// @param hashLock keccak256 of the 32-byte secret that finishes the message on both sides.
/// @param deadline Last second, on the source, at which the message can be declared; a week later it is overdue.
struct Intent {
    bytes32 economyId;
    address sender;
    address beneficiary;
    uint256 amount;
    uint256 bounty;
    uint256 fee;
    uint256 nonce;
    bytes32 hashLock;
    uint256 deadline;
}

/// @notice EIP-712 hashes of intents. The domain names chain and gateway of the source, the struct those of the
/// target, so that a message means something between these two gateways only.
library IntentLib {
    string internal constant NAME = "OST KIT Gateway";
    string internal constant VERSION = "1";

    bytes32 internal constant STAKE_TYPEHASH = keccak256(
        "StakeIntent(bytes32 economyId,address sender,address beneficiary,uint256 amount,uint256 bounty,uint256 fee,uint256 nonce,bytes32 hashLock,uint256 deadline,uint256 targetChainId,address targetGateway)"
    );

    bytes32 internal constant REDEEM_TYPEHASH = keccak256(
        "RedeemIntent(bytes32 economyId,address sender,address beneficiary,uint256 amount,uint256 bounty,uint256 fee,uint256 nonce,bytes32 hashLock,uint256 deadline,uint256 targetChainId,address targetGateway)"
    );

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice Hash of the struct, without a domain.
    function structHash(
        Intent calldata intent,
        bytes32 typeHash,
        uint256 targetChainId,
        address targetGateway
    ) internal pure returns (bytes32) {
        // An intent is static, so its encoding is its members one after the other.
        return keccak256(abi.encode(typeHash, intent, targetChainId, targetGateway));
    }

    /// @notice Domain separator of a gateway on another chain.
    function domainSeparator(uint256 chainId, address gateway) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), chainId, gateway)
        );
    }
}
