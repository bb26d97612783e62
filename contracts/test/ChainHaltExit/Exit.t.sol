// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IChainHaltExit} from "../../src/interfaces/IChainHaltExit.sol";
import {IGateway} from "../../src/interfaces/IGateway.sol";
import {AbsenceProofLib} from "../../src/libraries/AbsenceProofLib.sol";
import {AccountLib} from "../../src/libraries/AccountLib.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {StateProofLib} from "../../src/libraries/StateProofLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {SignerKeys} from "../support/SignerKeys.sol";
import {vm} from "../support/Vm.sol";

/// @dev The utility chain is gone. 100 OST back 10,000 BT: alice has a key, bob's holder is self-custodied, a managed
/// holder has an admin, and messages are on their way.
contract ExitTest is ProtocolTest {
    bytes32 private constant TOKEN_RULES_SLOT =
        0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae02;
    bytes32 private constant OWNER_SLOT = 0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300;
    bytes32 private constant ROLES_SLOT = 0x02dd7bc7dec4dceedda775e58dd541e08a116c6c53815c0bd028192f7b626800;
    bytes32 private constant ADMIN_ROLE = keccak256("ADMIN_ROLE");

    address private recipient = _actor("recipient");
    bytes12 private managedSalt = _salt(3);
    address private managed;
    address private kept;
    address private backedRules;

    function setUp() public override {
        super.setUp();
        _stakeAndMint(100e18);
        backedRules = backed.tokenRules();
        managed = holderFactory.holderAddress(address(backed), managedSalt);
        kept = holderFactory.holderAddress(address(backed), bobSalt);
        vm.prank(admin);
        holderFactory.deploy(address(backed), bobSalt, bob);
        vm.startPrank(company);
        backed.transfer(alice, 1_000e18);
        backed.transfer(kept, 500e18);
        backed.transfer(managed, 250e18);
        vm.stopPrank();
        _trackAccounts();
    }

    function test_exitByKey_paysTheBalanceOnce() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes memory signature = _sign("alice", alice, recipient);
        bytes[] memory proof = _balanceProof(height, alice);
        vm.expectEmit(address(exit));
        emit IChainHaltExit.HolderLeft(economy, alice, recipient, 1_000e18);
        exit.exitByKey(economy, alice, recipient, signature, proof);
        vm.assertEq(ost.balanceOf(recipient), 10e18, "paid at the rate");
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.AlreadyLeft.selector, economy, alice));
        exit.exitByKey(economy, alice, recipient, signature, proof);
    }

    function test_exitByKey_signedBySomebodyElse_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes memory signature = _sign("stranger", alice, stranger);
        bytes[] memory proof = _balanceProof(height, alice);
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.NotEntitled.selector, stranger));
        exit.exitByKey(economy, alice, stranger, signature, proof);
    }

    /// @dev A signature names its recipient: who brings it cannot divert it.
    function test_exitByKey_toAnotherRecipient_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes memory signature = _sign("alice", alice, recipient);
        bytes[] memory proof = _balanceProof(height, alice);
        vm.expectPartialRevert(IChainHaltExit.NotEntitled.selector);
        exit.exitByKey(economy, alice, stranger, signature, proof);
    }

    function test_exitByKey_balanceOfAnother_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes memory signature = _sign("stranger", stranger, stranger);
        bytes[] memory proof = _balanceProof(height, alice);
        _expectForeignPath(abi.encodeCall(exit.exitByKey, (economy, stranger, stranger, signature, proof)));
    }

    function test_exitByKey_zeroRecipient_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes memory signature = _sign("alice", alice, address(0));
        bytes[] memory proof = _balanceProof(height, alice);
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.ZeroRecipient.selector));
        exit.exitByKey(economy, alice, address(0), signature, proof);
    }

    function test_exitByOwner_paysTheOwnersRecipient() public {
        uint256 height = _halt();
        _proveToken(height);
        exit.exitByOwner(economy, bobSalt, recipient, _sign("bob", kept, recipient), _holderProof(height));
        vm.assertEq(ost.balanceOf(recipient), 5e18, "paid at the rate");
        vm.assertTrue(exit.hasLeft(economy, kept), "left");
    }

    function test_exitByOwner_signedBySomebodyElse_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes memory signature = _sign("admin", kept, admin);
        IChainHaltExit.HolderProof memory proof = _holderProof(height);
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.NotEntitled.selector, admin));
        exit.exitByOwner(economy, bobSalt, admin, signature, proof);
    }

    function test_exitByAdmin_paysForAManagedHolder() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes[] memory role = _roleProof(height, admin);
        bytes[] memory balance = _balanceProof(height, managed);
        exit.exitByAdmin(economy, managedSalt, recipient, _sign("admin", managed, recipient), role, balance);
        vm.assertEq(ost.balanceOf(recipient), 2.5e18, "paid at the rate");
    }

    /// @dev Custody was handed over: the flag in the balance's word closes the admin's way, as it did the operator's.
    function test_exitByAdmin_selfCustodied_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes[] memory role = _roleProof(height, admin);
        bytes[] memory balance = _balanceProof(height, kept);
        bytes memory signature = _sign("admin", kept, admin);
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.SelfCustodied.selector, kept));
        exit.exitByAdmin(economy, bobSalt, admin, signature, role, balance);
    }

    function test_exitByAdmin_byAnOperator_reverts() public {
        uint256 height = _halt();
        _proveToken(height);
        bytes[] memory role = _roleProof(height, operator);
        bytes[] memory balance = _balanceProof(height, managed);
        bytes memory signature = _sign("operator", managed, operator);
        _expectForeignPath(
            abi.encodeCall(exit.exitByAdmin, (economy, managedSalt, operator, signature, role, balance))
        );
    }

    /// @dev Everyone leaves; nothing but dust, and nothing too little, is left.
    function test_exit_ofEveryone_emptiesTheVault() public {
        Intent memory pending = _redeemIntent(company, 1_000e18);
        bytes32 redemption = _redeem(pending);
        Intent memory unminted = _stakeIntent(30e18);
        bytes32 stakeMessage = _stake(unminted);
        uint256 height = _halt();
        _proveToken(height);
        exit.exitByKey(
            economy, alice, recipient, _sign("alice", alice, recipient), _balanceProof(height, alice)
        );
        exit.exitByKey(
            economy, company, recipient, _sign("company", company, recipient), _balanceProof(height, company)
        );
        exit.exitByKey(
            economy,
            facilitator,
            recipient,
            _sign("facilitator", facilitator, recipient),
            _balanceProof(height, facilitator)
        );
        exit.exitByOwner(economy, bobSalt, recipient, _sign("bob", kept, recipient), _holderProof(height));
        exit.exitByAdmin(
            economy,
            managedSalt,
            recipient,
            _sign("admin", managed, recipient),
            _roleProof(height, admin),
            _balanceProof(height, managed)
        );
        exit.exitRedeem(pending, _outboxProofOfUtility(height, redemption));
        uint256 before = ost.balanceOf(staker);
        exit.exitStake(unminted, false, _inboxProofOfUtility(height, stakeMessage));
        vm.assertEq(ost.balanceOf(staker) - before, 30e18 + BOUNTY, "stake and bounty back");
        (uint256 staked, uint256 inFlight,) = gateway.vault(economy);
        vm.assertEq(staked, 0, "staked");
        vm.assertEq(inFlight, 0, "in flight");
        vm.assertEq(ost.balanceOf(address(gateway)), 0, "gateway");
        vm.assertEq(ost.balanceOf(recipient) + ost.balanceOf(bob), 100e18, "all of it");
    }

    function test_exitRedeem_escrowedThere_paysOnce() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        bytes32 message = _redeem(intent);
        uint256 height = _halt();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        exit.exitRedeem(intent, proof);
        vm.assertEq(ost.balanceOf(bob), (1_000e18 + BOUNTY) / 100, "amount and bounty");
        _expectStatus(message, MessageStatus.Progressed);
        exit.exitRedeem(intent, proof);
        _expectStatus(message, MessageStatus.Progressed);
        gateway.progressUnstake(intent, SECRET);
    }

    function test_exitRedeem_burnedThere_paysTheAmount() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        bytes32 message = _redeem(intent);
        vm.prank(facilitator);
        coGateway.progressRedeem(intent, SECRET);
        uint256 height = _halt();
        exit.exitRedeem(intent, _outboxProofOfUtility(height, message));
        vm.assertEq(ost.balanceOf(bob), 10e18, "amount");
    }

    function test_exitRedeem_paidBefore_reverts() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        bytes32 message = _redeem(intent);
        _confirmRedeem(intent, message);
        gateway.progressUnstake(intent, SECRET);
        uint256 height = _halt();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        _expectStatus(message, MessageStatus.Progressed);
        exit.exitRedeem(intent, proof);
    }

    /// @dev Taken back there: the tokens are in the balance again, and only there.
    function test_exitRedeem_takenBackThere_reverts() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        bytes32 message = _redeem(intent);
        vm.prank(company);
        coGateway.revokeRedeem(intent);
        _confirmRedeem(intent, message);
        uint256 height = utilityState.height();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        gateway.confirmRedeemRevocation(intent, height, proof);
        height = _anchorValue();
        proof = _inboxProofOfValue(height, message);
        coGateway.progressRedeemRevocation(intent, height, proof);
        height = _halt();
        proof = _outboxProofOfUtility(height, message);
        _expectRemoteStatus(message, MessageStatus.Revoked);
        exit.exitRedeem(intent, proof);
    }

    /// @dev Between taking back here and there, the tokens are in escrow, and in nobody's balance.
    function test_exitRedeem_halfTakenBack_paysOnce() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        bytes32 message = _redeem(intent);
        vm.prank(company);
        coGateway.revokeRedeem(intent);
        _confirmRedeem(intent, message);
        uint256 height = utilityState.height();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        gateway.confirmRedeemRevocation(intent, height, proof);
        height = _halt();
        proof = _outboxProofOfUtility(height, message);
        exit.exitRedeem(intent, proof);
        vm.assertEq(ost.balanceOf(bob), (1_000e18 + BOUNTY) / 100, "amount and bounty");
    }

    function test_exitStake_minted_reverts() public {
        Intent memory intent = _stakeIntent(30e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _mint(intent);
        uint256 height = _halt();
        bytes[] memory proof = _inboxProofOfUtility(height, message);
        _expectRemoteStatus(message, MessageStatus.Progressed);
        exit.exitStake(intent, true, proof);
        bytes32 key = StateProofLib.slotKey(MessageBusLib.inboxSlot(message));
        vm.expectRevert(abi.encodeWithSelector(AbsenceProofLib.KeyPresent.selector, key));
        exit.exitStake(intent, false, proof);
        // Its value backs balances now, and anyone puts it into the vault.
        gateway.progressStakeWithProof(intent, height, proof);
        (uint256 staked,,) = gateway.vault(economy);
        vm.assertEq(staked, 130e18, "staked");
    }

    /// @dev The secret was out before the halt, but nothing was minted: the stake is the staker's.
    function test_exitStake_progressedHereNotThere_refunds() public {
        Intent memory intent = _stakeIntent(30e18);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _finishStake(intent);
        uint256 height = _halt();
        uint256 before = ost.balanceOf(staker);
        bytes[] memory proof = _inboxProofOfUtility(height, message);
        exit.exitStake(intent, true, proof);
        vm.assertEq(ost.balanceOf(staker) - before, 30e18, "stake, not the bounty that was paid");
        _expectStatus(message, MessageStatus.Revoked);
        exit.exitStake(intent, true, proof);
    }

    function test_exitStake_halfTakenBack_refunds() public {
        Intent memory intent = _stakeIntent(30e18);
        bytes32 message = _stake(intent);
        vm.prank(staker);
        gateway.revokeStake(intent);
        uint256 height = _halt();
        uint256 before = ost.balanceOf(staker);
        exit.exitStake(intent, false, _inboxProofOfUtility(height, message));
        vm.assertEq(ost.balanceOf(staker) - before, 30e18 + BOUNTY, "stake and bounty");
    }

    /// @dev What the utility chain did after its last root does not count.
    function test_halt_laterStateDoesNotCount() public {
        uint256 height = _halt();
        _onUtilityChain();
        vm.prank(alice);
        backed.transfer(stranger, 1_000e18);
        (uint256 later, bytes32 root) = utilityState.snapshot();
        _onValueChain();
        utilityRoots.anchor(later, root, _signed(later, root));
        bytes[] memory proof = utilityState.accountProof(later, address(coGateway));
        vm.expectRevert(abi.encodeWithSelector(IGateway.UtilityChainHalted.selector, height));
        gateway.proveGateway(later, proof);
        _proveToken(height);
        exit.exitByKey(
            economy, alice, recipient, _sign("alice", alice, recipient), _balanceProof(height, alice)
        );
        vm.assertEq(ost.balanceOf(recipient), 10e18, "as of the last root");
    }

    function test_halt_beforeItsTime_reverts() public {
        _anchorUtility();
        vm.warp(block.timestamp + HALT_AFTER - 1);
        vm.expectRevert(abi.encodeWithSelector(IGateway.NotHalted.selector, block.timestamp + 1));
        gateway.halt();
    }

    function test_halt_stopsStakes_andOnlyOnce() public {
        uint256 height = _halt();
        Intent memory intent = _stakeIntent(1e18);
        vm.prank(staker);
        vm.expectRevert(abi.encodeWithSelector(IGateway.UtilityChainHalted.selector, height));
        gateway.stake(intent);
        vm.expectRevert(abi.encodeWithSelector(IGateway.UtilityChainHalted.selector, height));
        gateway.halt();
    }

    function test_exit_whileTheChainLives_reverts() public {
        _anchorUtility();
        IChainHaltExit.TokenProof memory proof;
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.ChainNotHalted.selector));
        exit.proveToken(economy, proof);
        Intent memory intent = _stakeIntent(1e18);
        vm.expectRevert(abi.encodeWithSelector(IChainHaltExit.ChainNotHalted.selector));
        exit.exitRedeem(intent, new bytes[](0));
    }

    function test_gatewayExits_calledByAnyoneElse_revert() public {
        Intent memory intent = _stakeIntent(1e18);
        bytes memory error = abi.encodeWithSelector(IGateway.OnlyExit.selector, address(this));
        vm.expectRevert(error);
        gateway.payExit(economy, stranger, 1);
        vm.expectRevert(error);
        gateway.payRedeemExit(intent, MessageStatus.Declared);
        vm.expectRevert(error);
        gateway.refundStakeExit(intent, MessageStatus.Undeclared);
    }

    function _halt() private returns (uint256 height) {
        height = _anchorUtility();
        vm.warp(block.timestamp + HALT_AFTER);
        gateway.halt();
        (uint256 at,) = gateway.haltedAt();
        vm.assertEq(at, height, "the last root");
    }

    function _proveToken(uint256 height) private {
        IChainHaltExit.TokenProof memory proof = IChainHaltExit.TokenProof(
            utilityState.accountProof(height, address(backed)),
            utilityState.storageProof(height, address(backed), TOKEN_RULES_SLOT),
            utilityState.accountProof(height, backedRules)
        );
        exit.proveToken(economy, proof);
    }

    function _balanceProof(uint256 height, address holder) private view returns (bytes[] memory) {
        return utilityState.storageProof(height, address(backed), bytes32(AccountLib.slotOf(holder)));
    }

    function _roleProof(uint256 height, address member) private view returns (bytes[] memory) {
        return utilityState.storageProof(height, backedRules, _roleSlot(member));
    }

    function _holderProof(uint256 height) private view returns (IChainHaltExit.HolderProof memory) {
        return IChainHaltExit.HolderProof(
            utilityState.accountProof(height, kept),
            utilityState.storageProof(height, kept, OWNER_SLOT),
            _balanceProof(height, kept)
        );
    }

    function _sign(string memory name, address holder, address to) private returns (bytes memory) {
        _onValueChain();
        bytes32 digest = exit.exitDigest(economy, holder, to);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(uint256(keccak256(bytes(name))), digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The path of the key leaves the proof: at a node that is not the next one, or where a branch has none.
    function _expectForeignPath(bytes memory data) private {
        (bool success, bytes memory answer) = address(exit).call(data);
        vm.assertFalse(success, "accepted");
        bool isExact = bytes4(answer) == TrieProof.TrieProofTraversalError.selector
            || bytes4(answer) == RLP.RLPInvalidEncoding.selector;
        vm.assertTrue(isExact, "an error of the trie");
    }

    function _trackAccounts() private {
        address[6] memory holders = [alice, kept, managed, company, facilitator, address(coGateway)];
        for (uint256 i = 0; i < holders.length; ++i) {
            utilityState.track(address(backed), bytes32(AccountLib.slotOf(holders[i])));
        }
        utilityState.track(address(backed), TOKEN_RULES_SLOT);
        utilityState.track(kept, OWNER_SLOT);
        utilityState.track(backedRules, _roleSlot(admin));
        utilityState.track(address(coGateway));
    }

    function _roleSlot(address member) private pure returns (bytes32) {
        return keccak256(abi.encode(member, keccak256(abi.encode(ADMIN_ROLE, ROLES_SLOT))));
    }

    function _signed(uint256 height, bytes32 root) private view returns (bytes memory) {
        return SignerKeys.sign(utilityRoots.anchorDigest(height, root), 2);
    }
}
