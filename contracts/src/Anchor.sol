// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {SignerSet} from "./SignerSet.sol";
import {IAnchor} from "./interfaces/IAnchor.sol";
import {IStateRootProvider} from "./interfaces/IStateRootProvider.sol";

/// @title State roots of another chain, signed by k of n keys of an organisation, final after a delay.
///
/// ROLES
/// - signers: the threshold of them anchors roots and changes signers. ERC-7913: addresses, contracts, P-256 keys.
/// - guardian: takes back roots that are not final yet; hands itself over.
///
/// TRUST
/// - The threshold of signers can, after the delay, make the gateway behind this believe anything: mint and release
///   what it likes. This is the whole security of a chain pair that is anchored by an organisation.
/// - The guardian can hold up every root. It can forge none. Roots held up for long open the chain-halt exit.
/// - Signers cannot dismiss the guardian, and the guardian cannot dismiss signers.
///
/// LIVENESS
/// Without signers, or with a guardian that vetoes everything, no root comes; messages wait, and after the
/// gateway's waiting time its holders leave with the last final root.
contract Anchor is SignerSet, IAnchor {
    /* CONSTANTS */

    bytes32 private constant ANCHOR_TYPEHASH =
        keccak256("StateRoot(uint256 remoteChainId,uint256 height,bytes32 stateRoot)");

    /* IMMUTABLES */

    /// @inheritdoc IStateRootProvider
    uint256 public immutable remoteChainId;

    /// @notice Seconds between anchoring and finality, in which the guardian may veto.
    uint256 public immutable DELAY;

    /// @notice Number of roots kept.
    uint256 public immutable RING_SIZE;

    /* STORAGE */

    struct Root {
        bytes32 stateRoot;
        uint128 height;
        uint128 anchoredAt;
    }

    /// @dev `_ring[i % RING_SIZE]` is the i-th root anchored and not vetoed; `_count` of them were.
    mapping(uint256 index => Root) private _ring;
    mapping(uint256 height => uint256) private _indexPlusOne;
    uint256 private _count;

    /// @inheritdoc IAnchor
    address public guardian;

    /* CONSTRUCTOR */

    /// @param remoteChainId_ Chain id of the chain whose roots are anchored.
    /// @param height A block of it, final at once.
    /// @param root State root of that block.
    /// @param ringSize Number of roots kept; older ones are forgotten.
    /// @param delay Seconds until a root is final.
    /// @param guardian_ Who may veto; the zero address for nobody.
    /// @param signers ERC-7913 signers; an address for a key of an account.
    /// @param threshold_ Number of signers that must agree.
    constructor(
        uint256 remoteChainId_,
        uint128 height,
        bytes32 root,
        uint256 ringSize,
        uint256 delay,
        address guardian_,
        bytes[] memory signers,
        uint64 threshold_
    ) SignerSet("OST KIT Anchor", signers, threshold_) {
        require(ringSize != 0, ZeroRingSize());
        (remoteChainId, RING_SIZE, DELAY) = (remoteChainId_, ringSize, delay);
        guardian = guardian_;
        emit GuardianChanged(guardian_);
        // Final at once: it counts as anchored a delay ago, where time allows.
        _store(height, root, block.timestamp > delay ? block.timestamp - delay : 0);
    }

    /* ROOTS */

    /// @inheritdoc IAnchor
    function anchor(uint256 height, bytes32 root, bytes calldata signatures) external {
        uint256 last = lastHeight();
        require(height > last && height <= type(uint128).max, HeightNotRising(height, last));
        _requireSigned(anchorDigest(height, root), signatures);
        // The height was checked against the type.
        // forge-lint: disable-next-line(unsafe-typecast)
        _store(uint128(height), root, block.timestamp);
    }

    /// @inheritdoc IAnchor
    function veto(uint256 height) external {
        require(msg.sender == guardian, OnlyGuardian(msg.sender));
        uint256 index = _indexPlusOne[height];
        require(index != 0 && !_isFinal(_ring[(index - 1) % RING_SIZE]), NotVetoable(height));
        // Heights rise with the index, and roots that are not final are the last ones of the ring.
        for (uint256 i = _count; i >= index; --i) {
            Root memory root = _ring[(i - 1) % RING_SIZE];
            delete _indexPlusOne[root.height];
            delete _ring[(i - 1) % RING_SIZE];
            emit StateRootVetoed(root.height, root.stateRoot);
        }
        _count = index - 1;
    }

    /* ADMIN */

    /// @inheritdoc IAnchor
    function setGuardian(address guardian_) external {
        require(msg.sender == guardian, OnlyGuardian(msg.sender));
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /* VIEWS */

    /// @inheritdoc IStateRootProvider
    function stateRoot(uint256 height) external view returns (bytes32) {
        uint256 index = _indexPlusOne[height];
        require(index != 0, UnknownHeight(height));
        Root memory root = _ring[(index - 1) % RING_SIZE];
        require(_isFinal(root), UnknownHeight(height));
        return root.stateRoot;
    }

    /// @inheritdoc IStateRootProvider
    /// @dev Reads as many roots as are waiting to be final, at most the ring.
    function latest() external view returns (uint256 height, uint256 anchoredAt) {
        uint256 kept = _count < RING_SIZE ? _count : RING_SIZE;
        for (uint256 i = 1; i <= kept; ++i) {
            Root memory root = _ring[(_count - i) % RING_SIZE];
            if (_isFinal(root)) return (root.height, root.anchoredAt);
        }
        return (0, 0);
    }

    /// @inheritdoc IAnchor
    function lastHeight() public view returns (uint256) {
        return _count == 0 ? 0 : _ring[(_count - 1) % RING_SIZE].height;
    }

    /// @inheritdoc IAnchor
    function anchorDigest(uint256 height, bytes32 root) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ANCHOR_TYPEHASH, remoteChainId, height, root)));
    }

    /* INTERNAL */

    function _store(uint128 height, bytes32 root, uint256 anchoredAt) private {
        require(root != 0, ZeroStateRoot());
        uint256 position = _count % RING_SIZE;
        _evict(_ring[position], _ring[(_count + 1) % RING_SIZE]);
        // Seconds since the epoch fit.
        // forge-lint: disable-next-line(unsafe-typecast)
        _ring[position] = Root(root, height, uint128(anchoredAt));
        _count += 1;
        _indexPlusOne[height] = _count;
        emit StateRootAnchored(height, root, anchoredAt + DELAY);
    }

    /// @dev Makes room. The newest final root stays, however many wait behind it: the chain-halt exit needs one.
    function _evict(Root memory oldest, Root memory next) private {
        if (oldest.stateRoot == 0) return;
        require(_isFinal(next) && (RING_SIZE > 1 || DELAY == 0), TooManyPending(RING_SIZE));
        delete _indexPlusOne[oldest.height];
    }

    function _isFinal(Root memory root) private view returns (bool) {
        return root.stateRoot != 0 && root.anchoredAt + DELAY <= block.timestamp;
    }
}
