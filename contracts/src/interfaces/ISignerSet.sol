// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice n signers of which k decide.
/// @dev Signatures are `abi.encode(bytes[] signers, bytes[] signatures)`, signers in rising order of their keccak256,
/// as ERC-7913 multi-signatures have them. A signer is the address of an account, or a verifier followed by a key.
interface ISignerSet {
    /// @notice Fewer than the threshold of signers agree, or not to this.
    error NotSigned();

    /// @notice The update of signers was signed for another turn.
    error WrongUpdateNonce(uint256 nonce, uint256 expected);

    /// @notice Changes signers and threshold, signed by the threshold of the present ones over {signersDigest}.
    function updateSigners(
        bytes[] calldata added,
        bytes[] calldata removed,
        uint64 newThreshold,
        uint256 nonce,
        bytes calldata signatures
    ) external;

    /// @notice What signers sign to change signers (EIP-712).
    function signersDigest(
        bytes[] calldata added,
        bytes[] calldata removed,
        uint64 newThreshold,
        uint256 nonce
    ) external view returns (bytes32);

    /// @notice Number of signer updates so far, and the nonce of the next.
    function updateNonce() external view returns (uint256);
}
