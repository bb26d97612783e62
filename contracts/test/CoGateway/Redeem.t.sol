// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {vm} from "../support/Vm.sol";

contract RedeemTest is ProtocolTest {
    uint256 private constant COMPANY_KEY = uint256(keccak256("company"));
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function setUp() public override {
        super.setUp();
        _stakeAndMint(100e18);
        _onUtilityChain();
    }

    function test_redeem_takesAmountAndBountyIntoEscrow() public {
        uint256 before = backed.balanceOf(company);
        _redeem(_redeemIntent(company, 1_000e18));
        vm.assertEq(before - backed.balanceOf(company), 1_000e18 + BOUNTY, "paid");
        vm.assertEq(backed.balanceOf(address(coGateway)), 1_000e18 + BOUNTY, "escrow");
        vm.assertEq(backed.totalSupply(), 10_000e18, "nothing burned yet");
    }

    function test_redeem_bySomebodyElse_reverts() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.OnlySender.selector, stranger));
        coGateway.redeem(intent);
    }

    function test_redeem_worthNothing_reverts() public {
        Intent memory intent = _redeemIntent(company, 99);
        intent.fee = 0;
        vm.prank(company);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.AmountTooSmall.selector, 99, 0, 0));
        coGateway.redeem(intent);
    }

    function test_redeemWithPermit_needsNoAllowance() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        IMessageGateway.Permit memory permit = _permitOf(intent);
        vm.prank(company);
        coGateway.redeemWithPermit(intent, permit);
        vm.assertEq(backed.balanceOf(address(coGateway)), 1_000e18 + BOUNTY, "escrow");
    }

    function test_redeemBySignature_needsNoCoinOfTheSender() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        IMessageGateway.Permit memory permit = _permitOf(intent);
        bytes memory signature = _signature(COMPANY_KEY, coGateway.redeemHash(intent));
        vm.prank(facilitator);
        coGateway.redeemBySignature(intent, signature, permit);
        vm.assertEq(backed.balanceOf(address(coGateway)), 1_000e18 + BOUNTY, "escrow");
    }

    function test_redeemBySignature_ofAnotherIntent_reverts() public {
        Intent memory intent = _redeemIntent(company, 1_000e18);
        IMessageGateway.Permit memory permit = _permitOf(intent);
        bytes memory signature = _signature(COMPANY_KEY, coGateway.redeemHash(intent));
        intent.beneficiary = stranger;
        vm.prank(facilitator);
        vm.expectRevert(abi.encodeWithSelector(IMessageGateway.InvalidSignature.selector));
        coGateway.redeemBySignature(intent, signature, permit);
    }

    function _permitOf(Intent memory intent) private view returns (IMessageGateway.Permit memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                PERMIT_TYPEHASH,
                company,
                address(coGateway),
                intent.amount + intent.bounty,
                backed.nonces(company),
                START
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", backed.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(COMPANY_KEY, digest);
        return IMessageGateway.Permit(START, v, r, s);
    }

    function _signature(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
