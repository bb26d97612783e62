// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {
    Ownable2StepUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/Ownable2StepUpgradeable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ITokenHolder} from "./interfaces/ITokenHolder.sol";

/// @title Account of one user in one economy, once the user keeps its own key.
///
/// ROLES
/// The owner moves everything the account has, and hands it over in two steps. Nobody else has any power.
///
/// TRUST
/// None in operator, factory or platform after deployment. The factory decides the first owner.
///
/// TOKEN
/// `transfer` moves the economy's token; `execute` reaches whatever else arrives here, native coin included.
///
/// LIVENESS
/// Depends on the owner's key only. A lost key loses the account: recovery is not part of this contract.
contract TokenHolder is Ownable2StepUpgradeable, ITokenHolder {
    /* STORAGE */

    IERC20 private _token;

    /* CONSTRUCTOR */

    /// @notice The code behind all holders of a chain; itself it can never be initialised.
    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc ITokenHolder
    function initialize(address token_, address owner_) external initializer {
        __Ownable_init(owner_);
        _token = IERC20(token_);
    }

    /// @notice Native coin is welcome.
    receive() external payable {}

    /* TRANSFERS */

    /// @inheritdoc ITokenHolder
    function transfer(address to, uint256 amount) external onlyOwner returns (bool) {
        return _token.transfer(to, amount);
    }

    /// @inheritdoc ITokenHolder
    function execute(address to, uint256 value, bytes calldata data)
        external
        onlyOwner
        returns (bytes memory result)
    {
        bool success;
        (success, result) = to.call{value: value}(data);
        return Address.verifyCallResult(success, result);
    }

    /* OWNERSHIP */

    /// @notice Always reverts.
    function renounceOwnership() public view override(OwnableUpgradeable) onlyOwner {
        revert OwnershipCannotBeRenounced();
    }

    /* VIEWS */

    /// @inheritdoc ITokenHolder
    function token() external view returns (address) {
        return address(_token);
    }
}
