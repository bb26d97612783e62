// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @dev Forge's account of the call before.
interface GasVm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function lastCallGas() external view returns (Gas memory);
}
