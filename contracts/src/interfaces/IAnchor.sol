// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IStateRootProvider} from "./IStateRootProvider.sol";

/// @notice State roots of another chain, signed by k of n keys of an organisation.
interface IAnchor is IStateRootProvider {
    /// @notice A root was anchored; final at `finalAt`, unless vetoed.
    event StateRootAnchored(uint256 indexed height, bytes32 stateRoot, uint256 finalAt);

    /// @notice The root was taken back before it was final.
    event StateRootVetoed(uint256 indexed height, bytes32 stateRoot);

    /// @notice `guardian` may veto from now on.
    event GuardianChanged(address indexed guardian);

    /// @notice No root is zero.
    error ZeroStateRoot();

    /// @notice A ring of no roots.
    error ZeroRingSize();

    /// @notice The height is not above the last one.
    error HeightNotRising(uint256 height, uint256 lastHeight);

    /// @notice All but one of the roots that are kept wait to be final.
    error TooManyPending(uint256 ringSize);

    /// @notice The caller is not the guardian.
    error OnlyGuardian(address caller);

    /// @notice The root is final, or was never anchored.
    error NotVetoable(uint256 height);

    /// @notice Anchors the root of a block. Anyone may bring the signatures.
    /// @param height Height of the block on the remote chain, above all anchored before.
    /// @param root State root of that block.
    /// @param signatures Of the threshold of signers over {anchorDigest}, as {ISignerSet} has them.
    function anchor(uint256 height, bytes32 root, bytes calldata signatures) external;

    /// @notice Takes back the root at `height`, and all above it. Guardian only, before they are final.
    function veto(uint256 height) external;

    /// @notice Hands the veto over. Guardian only; the zero address gives it up for good.
    function setGuardian(address guardian) external;

    /// @notice What signers sign to anchor a root (EIP-712).
    function anchorDigest(uint256 height, bytes32 root) external view returns (bytes32);

    /// @notice The highest anchored height, final or not.
    function lastHeight() external view returns (uint256);

    /// @notice Who may veto.
    function guardian() external view returns (address);
}
