// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {vm} from "../support/Vm.sol";

contract HolderAddressTest is BaseTest {
    function testFuzz_holderAddress_isThatOfAClone(address anyToken, bytes12 userSalt) public view {
        bytes32 salt = bytes32(bytes20(anyToken)) | bytes32(uint256(uint96(userSalt)));
        address expected = Clones.predictDeterministicAddress(
            holderFactory.HOLDER_IMPLEMENTATION(), salt, address(holderFactory)
        );
        vm.assertEq(holderFactory.holderAddress(anyToken, userSalt), expected, "address");
    }

    function testFuzz_holderAddress_followsFromTheInitCodeHash(bytes12 userSalt) public view {
        bytes32 salt = bytes32(abi.encodePacked(address(token), userSalt));
        bytes32 hash = keccak256(
            abi.encodePacked(bytes1(0xff), address(holderFactory), salt, holderFactory.INIT_CODE_HASH())
        );
        vm.assertEq(_holder(userSalt), address(uint160(uint256(hash))), "address of EIP-1014");
    }

    function testFuzz_holderAddress_isDifferentForEveryUserAndToken(bytes12 first, bytes12 second)
        public
        view
    {
        vm.assume(first != second);
        vm.assertNotEq(_holder(first), _holder(second), "users");
        vm.assertNotEq(_holder(first), holderFactory.holderAddress(address(rules), first), "tokens");
    }
}
