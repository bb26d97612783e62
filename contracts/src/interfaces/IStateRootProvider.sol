// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Final state roots of another chain. The seam behind which an anchor, a validator set or a rollup's own
/// output can stand.
/// @dev What is answered here is final: a provider that can be mistaken answers only after its own delay. Heights
/// rise, and a height never changes its root.
interface IStateRootProvider {
    /// @notice No final root of this height is known, or it is known no more.
    error UnknownHeight(uint256 height);

    /// @notice State root of the block at `height` of the remote chain; reverts with {UnknownHeight}.
    function stateRoot(uint256 height) external view returns (bytes32);

    /// @notice The highest final height, and when this chain heard of it, in seconds since the Unix epoch.
    function latest() external view returns (uint256 height, uint256 anchoredAt);

    /// @notice Chain id of the chain whose roots these are.
    function remoteChainId() external view returns (uint256);
}
