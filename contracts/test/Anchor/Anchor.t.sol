// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Anchor} from "../../src/Anchor.sol";
import {IAnchor} from "../../src/interfaces/IAnchor.sol";
import {ISignerSet} from "../../src/interfaces/ISignerSet.sol";
import {IStateRootProvider} from "../../src/interfaces/IStateRootProvider.sol";
import {SignerKeys} from "../support/SignerKeys.sol";
import {vm} from "../support/Vm.sol";

contract AnchorTest {
    uint256 private constant START = 1_700_000_000;
    uint256 private constant DELAY = 1 hours;
    uint256 private constant RING = 4;
    address private constant GUARDIAN = address(0x6a);

    Anchor private anchor;

    function setUp() public {
        vm.warp(START);
        anchor = _deploy(RING, DELAY);
    }

    function test_anchor_isFinalAfterTheDelay() public {
        vm.expectEmit(address(anchor));
        emit IAnchor.StateRootAnchored(11, bytes32(uint256(11)), START + DELAY);
        _anchor(11);
        vm.expectRevert(abi.encodeWithSelector(IStateRootProvider.UnknownHeight.selector, 11));
        anchor.stateRoot(11);
        _assertLatest(10);
        vm.warp(START + DELAY);
        vm.assertEq(anchor.stateRoot(11), bytes32(uint256(11)), "root");
        _assertLatest(11);
    }

    function testFuzz_anchor_heightNotAbove_reverts(uint256 height) public {
        _anchor(20);
        height %= 21;
        bytes memory signatures = _sign(height, 2);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.HeightNotRising.selector, height, 20));
        anchor.anchor(height, bytes32(height), signatures);
    }

    function test_anchor_withFewerSignatures_reverts() public {
        bytes memory signatures = _sign(11, 1);
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.NotSigned.selector));
        anchor.anchor(11, bytes32(uint256(11)), signatures);
    }

    function test_anchor_signaturesOverAnotherRoot_reverts() public {
        bytes memory signatures = _sign(11, 3);
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.NotSigned.selector));
        anchor.anchor(11, bytes32(uint256(12)), signatures);
    }

    /// @dev One signer twice is one signer.
    function test_anchor_sameSignerTwice_reverts() public {
        (bytes[] memory signers, bytes[] memory signatures) = abi.decode(_sign(11, 1), (bytes[], bytes[]));
        bytes[] memory twice = new bytes[](2);
        bytes[] memory both = new bytes[](2);
        (twice[0], twice[1]) = (signers[0], signers[0]);
        (both[0], both[1]) = (signatures[0], signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.NotSigned.selector));
        anchor.anchor(11, bytes32(uint256(11)), abi.encode(twice, both));
    }

    function test_anchor_zeroRoot_reverts() public {
        bytes memory signatures = SignerKeys.sign(anchor.anchorDigest(11, 0), 2);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.ZeroStateRoot.selector));
        anchor.anchor(11, 0, signatures);
    }

    function test_anchor_forgetsTheOldest() public {
        for (uint256 height = 11; height <= 14; ++height) {
            _anchor(height);
            vm.warp(block.timestamp + DELAY);
        }
        vm.expectRevert(abi.encodeWithSelector(IStateRootProvider.UnknownHeight.selector, 10));
        anchor.stateRoot(10);
        vm.assertEq(anchor.stateRoot(11), bytes32(uint256(11)), "still known");
    }

    /// @dev However many roots wait, the newest final one stays: the exit needs it.
    function test_anchor_neverDropsTheLastFinalRoot() public {
        for (uint256 height = 11; height <= 13; ++height) {
            _anchor(height);
        }
        bytes memory signatures = _sign(14, 2);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.TooManyPending.selector, RING));
        anchor.anchor(14, bytes32(uint256(14)), signatures);
        _assertLatest(10);
    }

    function test_veto_takesBackThatRootAndAllAbove() public {
        _anchor(11);
        _anchor(12);
        _anchor(13);
        vm.prank(GUARDIAN);
        anchor.veto(12);
        vm.assertEq(anchor.lastHeight(), 11, "last");
        vm.warp(START + DELAY);
        _assertLatest(11);
        // The height is free for a true root.
        _anchor(12);
        vm.warp(START + 2 * DELAY);
        _assertLatest(12);
    }

    function test_veto_ofAFinalRoot_reverts() public {
        _anchor(11);
        vm.warp(START + DELAY);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.NotVetoable.selector, 11));
        anchor.veto(11);
    }

    function testFuzz_veto_byAnyoneElse_reverts(address caller) public {
        vm.assume(caller != GUARDIAN);
        _anchor(11);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.OnlyGuardian.selector, caller));
        anchor.veto(11);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAnchor.OnlyGuardian.selector, caller));
        anchor.setGuardian(caller);
    }

    function test_setGuardian_handsOver() public {
        vm.prank(GUARDIAN);
        anchor.setGuardian(address(this));
        _anchor(11);
        anchor.veto(11);
        vm.assertEq(anchor.lastHeight(), 10, "last");
    }

    /// @dev Anchoring and vetoing in any order, through more rounds than the ring has places: heights rise, the final
    /// ones never change, and one final root is always known.
    function testFuzz_ring_keepsFinalRoots(uint256 seed) public {
        uint256 next = 11;
        uint256 lastFinal = 10;
        for (uint256 i = 0; i < 24; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            if (dice % 3 == 0) vm.warp(block.timestamp + DELAY / 2);
            if (dice % 3 == 1) _tryAnchor(next++);
            if (dice % 3 == 2) _tryVeto(anchor.lastHeight());
            (uint256 height,) = anchor.latest();
            vm.assertTrue(height >= lastFinal, "final heights rise");
            vm.assertEq(anchor.stateRoot(height), bytes32(height), "root of the height");
            lastFinal = height;
        }
    }

    function test_updateSigners_replacesASigner_once() public {
        bytes[] memory added = new bytes[](1);
        added[0] = abi.encodePacked(vm.addr(1234));
        bytes[] memory removed = new bytes[](2);
        (removed[0], removed[1]) = (SignerKeys.signerAt(0), SignerKeys.signerAt(1));
        bytes memory signatures = SignerKeys.sign(anchor.signersDigest(added, removed, 1, 0), 2);
        anchor.updateSigners(added, removed, 1, 0, signatures);
        vm.assertTrue(anchor.isSigner(added[0]), "added");
        vm.assertFalse(anchor.isSigner(removed[0]), "removed");
        vm.assertEq(anchor.threshold(), 1, "threshold");
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.WrongUpdateNonce.selector, 0, 1));
        anchor.updateSigners(added, removed, 1, 0, signatures);
        signatures = _sign(11, 2);
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.NotSigned.selector));
        anchor.anchor(11, bytes32(uint256(11)), signatures);
    }

    function test_updateSigners_unsigned_reverts() public {
        bytes[] memory none = new bytes[](0);
        bytes memory signatures = SignerKeys.sign(anchor.signersDigest(none, none, 1, 0), 1);
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.NotSigned.selector));
        anchor.updateSigners(none, none, 1, 0, signatures);
    }

    function _deploy(uint256 ring, uint256 delay) private returns (Anchor) {
        bytes memory arguments = abi.encode(
            uint256(1414),
            uint128(10),
            bytes32(uint256(10)),
            ring,
            delay,
            GUARDIAN,
            SignerKeys.all(),
            uint64(2)
        );
        return Anchor(vm.deployCode("Anchor.sol", arguments));
    }

    function _anchor(uint256 height) private {
        anchor.anchor(height, bytes32(height), _sign(height, 2));
    }

    function _tryAnchor(uint256 height) private {
        try anchor.anchor(height, bytes32(height), _sign(height, 2)) {} catch {}
    }

    function _tryVeto(uint256 height) private {
        vm.prank(GUARDIAN);
        try anchor.veto(height) {} catch {}
    }

    function _sign(uint256 height, uint256 count) private view returns (bytes memory) {
        return SignerKeys.sign(anchor.anchorDigest(height, bytes32(height)), count);
    }

    function _assertLatest(uint256 expected) private view {
        (uint256 height,) = anchor.latest();
        vm.assertEq(height, expected, "latest final height");
    }
}
