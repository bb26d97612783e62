// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The base token that economies stake, as the sandbox has it.
interface IValueToken is IERC20 {
    /// @notice `amount` base units were given to `to` for trying things out.
    event Granted(address indexed to, uint256 amount);

    /// @notice One grant asks for more than it may.
    error GrantCapExceeded(uint256 amount, uint256 maxPerGrant);

    /// @notice Gives `amount` base units to `to`. Faucets only, within {maxPerGrant} and the token's cap.
    function grant(address to, uint256 amount) external;

    /// @notice Most base units of one grant.
    function maxPerGrant() external view returns (uint256);
}
