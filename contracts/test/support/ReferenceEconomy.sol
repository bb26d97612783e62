// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IPaymentErrors} from "../../src/interfaces/IPaymentErrors.sol";
import {Leg, Payment} from "./PaymentEncoder.sol";

/// @dev What an economy does with payments, written as plainly as possible: no packing, no assembly, checked
/// arithmetic, one payment at a time. The contracts are compared with it.
contract ReferenceEconomy {
    struct Movement {
        address from;
        address to;
        uint256 amount;
    }

    struct Skip {
        uint256 index;
        bytes4 reason;
    }

    mapping(address holder => uint256) public balanceOf;
    mapping(address holder => bool) public isSelfCustodied;
    mapping(uint256 window => uint256) public movedIn;

    address private immutable TOKEN;
    uint256 private perPayment = type(uint96).max;
    uint256 private perWindow = type(uint128).max;
    uint256 private windowSeconds = 1 days;

    Movement[] private movements;
    Skip[] private skips;

    constructor(address token) {
        TOKEN = token;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function markSelfCustodied(address holder) external {
        isSelfCustodied[holder] = true;
    }

    function setCaps(uint256 perPayment_, uint256 perWindow_, uint256 windowSeconds_) external {
        uint256 moved = movedIn[block.timestamp / windowSeconds];
        (perPayment, perWindow, windowSeconds) = (perPayment_, perWindow_, windowSeconds_);
        movedIn[block.timestamp / windowSeconds] = moved;
    }

    function executeBatch(Payment[] calldata payments, address[] calldata payers) external {
        delete movements;
        delete skips;
        for (uint256 i = 0; i < payments.length; ++i) {
            bytes4 reason = _reasonAgainst(payers[i], payments[i].legs);
            if (reason == 0) _pay(payers[i], payments[i].legs);
            else skips.push(Skip(i, reason));
        }
    }

    function allMovements() external view returns (Movement[] memory) {
        return movements;
    }

    function allSkips() external view returns (Skip[] memory) {
        return skips;
    }

    function _pay(address payer, Leg[] calldata legs) private {
        movedIn[block.timestamp / windowSeconds] += _sum(legs);
        for (uint256 i = 0; i < legs.length; ++i) {
            balanceOf[payer] -= legs[i].amount;
            balanceOf[legs[i].recipient] += legs[i].amount;
            movements.push(Movement(payer, legs[i].recipient, legs[i].amount));
        }
    }

    function _reasonAgainst(address payer, Leg[] calldata legs) private view returns (bytes4) {
        for (uint256 i = 0; i < legs.length; ++i) {
            address recipient = legs[i].recipient;
            if (recipient == address(0)) return IPaymentErrors.InvalidRecipient.selector;
            if (recipient == TOKEN) return IPaymentErrors.InvalidRecipient.selector;
            if (legs[i].amount == 0) return IPaymentErrors.ZeroAmount.selector;
        }
        uint256 sum = _sum(legs);
        bool isCapped = perPayment != type(uint96).max;
        if (isCapped && sum > perPayment) return IPaymentErrors.ItemCapExceeded.selector;
        if (isSelfCustodied[payer]) return IPaymentErrors.SelfCustodied.selector;
        if (sum > balanceOf[payer]) return IPaymentErrors.InsufficientBalance.selector;
        uint256 moved = movedIn[block.timestamp / windowSeconds];
        bool isWindowed = perWindow != type(uint128).max;
        if (isWindowed && moved + sum > perWindow) return IPaymentErrors.WindowCapExceeded.selector;
        return 0;
    }

    function _sum(Leg[] calldata legs) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < legs.length; ++i) {
            sum += legs[i].amount;
        }
    }
}
