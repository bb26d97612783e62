// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    ERC20PermitUpgradeable
} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract PermitTest is BaseTest {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant KEY = uint256(keccak256("alice"));

    function testFuzz_permit_setsTheAllowance(uint256 value) public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(token, value, 0, START));
        token.permit(alice, bob, value, START, v, r, s);
        vm.assertEq(token.allowance(alice, bob), value, "allowance");
        vm.assertEq(token.nonces(alice), 1, "nonce");
    }

    function test_permit_twice_reverts() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(token, 5, 0, START));
        token.permit(alice, bob, 5, START, v, r, s);
        vm.expectPartialRevert(ERC20PermitUpgradeable.ERC2612InvalidSigner.selector);
        token.permit(alice, bob, 5, START, v, r, s);
    }

    function test_permit_afterTheDeadline_reverts() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(token, 5, 0, START));
        vm.warp(START + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ERC20PermitUpgradeable.ERC2612ExpiredSignature.selector, START)
        );
        token.permit(alice, bob, 5, START, v, r, s);
    }

    function test_permit_signedForAnotherEconomy_reverts() public {
        (UtilityBrandedToken other,) = _createEconomy(keccak256("another"));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(other, 5, 0, START));
        vm.expectPartialRevert(ERC20PermitUpgradeable.ERC2612InvalidSigner.selector);
        token.permit(alice, bob, 5, START, v, r, s);
    }

    function _digest(UtilityBrandedToken token_, uint256 value, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, keccak256("Branded Token"), keccak256("1"), block.chainid, address(token_)
            )
        );
        vm.assertEq(token_.DOMAIN_SEPARATOR(), domain, "domain");
        bytes32 message = keccak256(abi.encode(PERMIT_TYPEHASH, alice, bob, value, nonce, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }
}
