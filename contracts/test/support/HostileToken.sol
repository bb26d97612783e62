// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @dev Says whatever lets its caller deploy holders.
contract HostileToken {
    address public immutable holderFactory;

    constructor(address holderFactory_) {
        holderFactory = holderFactory_;
    }

    function markSelfCustodied(address) external {}

    function tokenRules() external view returns (address) {
        return address(this);
    }

    function hasRole(bytes32, address) external pure returns (bool) {
        return true;
    }
}
