// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SandboxFaucet} from "../../src/SandboxFaucet.sol";
import {TokenHolder} from "../../src/TokenHolder.sol";
import {TokenHolderFactory} from "../../src/TokenHolderFactory.sol";
import {TokenRules} from "../../src/TokenRules.sol";
import {ITokenRules} from "../../src/interfaces/ITokenRules.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {Payment, PaymentEncoder} from "../support/PaymentEncoder.sol";
import {RandomPayments} from "../support/RandomPayments.sol";
import {Vm, vm} from "../support/Vm.sol";

/// @dev Everything that can happen to an economy, in any order, with what must be true written down beside it.
contract EconomyHandler {
    struct Actors {
        address owner;
        address admin;
        address operator;
        address granter;
        address userOwner;
        address outsider;
    }

    uint256 private constant USERS = 5;
    uint256 private constant BATCH_MAX = 12;

    UtilityBrandedToken private immutable TOKEN;
    TokenRules private immutable RULES;
    TokenHolderFactory private immutable HOLDERS;
    SandboxFaucet private immutable FAUCET;
    Actors private actors;
    RandomPayments.People private people;

    /* GHOSTS */

    uint256 public minted;
    uint256 public burned;
    uint256 public windowUsed;
    uint256 public windowNumber;
    bool public foreignBalanceFell;
    bool public itemCapBroken;
    bool public windowCapBroken;
    bool public logsDisagree;

    constructor(
        UtilityBrandedToken token,
        TokenRules rules,
        TokenHolderFactory holderFactory,
        SandboxFaucet faucet,
        Actors memory actors_
    ) {
        (TOKEN, RULES, HOLDERS, FAUCET, actors) = (token, rules, holderFactory, faucet, actors_);
        for (uint256 i = 0; i < USERS; ++i) {
            bytes12 salt = bytes12(keccak256(abi.encode("user", i)));
            people.salts.push(salt);
            people.recipients.push(holderFactory.holderAddress(address(token), salt));
        }
        // A salt that repeats an outsider's address must not lead to it.
        people.salts.push(bytes12(bytes20(actors_.outsider)));
        people.recipients.push(actors_.outsider);
        people.recipients.push(address(faucet));
        people.recipients.push(address(0));
        people.recipients.push(address(token));
    }

    /* ACTS */

    function grant(uint256 who, uint256 amount) external {
        address to = people.recipients[who % (USERS + 2)];
        amount %= 2000;
        vm.prank(actors.granter);
        FAUCET.grant(address(TOKEN), to, amount);
        minted += amount;
    }

    function burn(uint256 amount) external {
        amount %= TOKEN.balanceOf(address(FAUCET)) + 1;
        vm.prank(address(FAUCET));
        TOKEN.burn(amount);
        burned += amount;
    }

    function executeBatch(uint256 seed, uint256 count) external {
        if (RULES.paused()) return;
        Payment[] memory payments = RandomPayments.payments(seed, count % (BATCH_MAX + 1), people);
        uint256[] memory untouchable = _untouchableBalances();
        vm.recordLogs();
        vm.prank(actors.operator);
        (uint256 executed, uint256 skipped) =
            RULES.executeBatch(bytes32(seed), PaymentEncoder.encode(payments));
        if (executed + skipped != payments.length) logsDisagree = true;
        _checkUntouchable(untouchable);
        _checkMoved(payments, vm.getRecordedLogs());
    }

    function deployHolder(uint256 who) external {
        who %= USERS;
        if (people.recipients[who].code.length != 0) return;
        vm.prank(actors.admin);
        HOLDERS.deploy(address(TOKEN), people.salts[who], actors.userOwner);
    }

    function transferAsOwner(uint256 who, uint256 to, uint256 amount) external {
        address holder = people.recipients[who % USERS];
        if (holder.code.length == 0) return;
        amount %= TOKEN.balanceOf(holder) + 1;
        vm.prank(actors.userOwner);
        TokenHolder(payable(holder)).transfer(people.recipients[to % (USERS + 2)], amount);
    }

    function transferAsOutsider(uint256 to, uint256 amount) external {
        amount %= TOKEN.balanceOf(actors.outsider) + 1;
        vm.prank(actors.outsider);
        TOKEN.transfer(people.recipients[to % (USERS + 2)], amount);
    }

    function setCaps(uint96 perPayment, uint128 perWindow, uint32 windowSeconds) external {
        uint256 used = _usedNow();
        (perPayment, perWindow) = (perPayment % 800, perWindow % 4000);
        if (perPayment % 7 == 0) perPayment = type(uint96).max;
        if (perWindow % 7 == 0) perWindow = type(uint128).max;
        windowSeconds = windowSeconds % 300 + 1;
        vm.prank(actors.owner);
        RULES.setCaps(perPayment, perWindow, windowSeconds);
        (windowNumber, windowUsed) = (block.timestamp / windowSeconds, used);
    }

    function warp(uint256 elapsed) external {
        vm.warp(block.timestamp + elapsed % 200);
    }

    function togglePause() external {
        bool isPaused = RULES.paused();
        vm.prank(actors.admin);
        if (isPaused) RULES.unpause();
        else RULES.pause();
    }

    /* VIEWS */

    /// @dev Everyone who can own anything, each once.
    function holders() external view returns (address[] memory) {
        return people.recipients;
    }

    function expectedWindowUsed() external view returns (uint256) {
        return _usedNow();
    }

    /* INTERNAL */

    /// @dev Balances that no batch may lower: of self-custodied holders and of addresses that are no holders.
    function _untouchableBalances() private view returns (uint256[] memory balances) {
        balances = new uint256[](USERS + 2);
        for (uint256 i = 0; i < balances.length; ++i) {
            if (_isUntouchable(i)) balances[i] = TOKEN.balanceOf(people.recipients[i]);
        }
    }

    function _checkUntouchable(uint256[] memory before) private {
        for (uint256 i = 0; i < before.length; ++i) {
            if (TOKEN.balanceOf(people.recipients[i]) < before[i]) foreignBalanceFell = true;
        }
    }

    function _isUntouchable(uint256 who) private view returns (bool) {
        return who >= USERS || people.recipients[who].code.length != 0;
    }

    /// @dev What moved is known twice: from the transfers, and from the payments that were not reported as skipped.
    function _checkMoved(Payment[] memory payments, Vm.Log[] memory logs) private {
        (uint96 perPayment, uint128 perWindow, uint32 windowSeconds) = RULES.caps();
        uint256 paid = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            if (_isSkipped(logs, i)) continue;
            uint256 sum = _sum(payments[i]);
            if (perPayment != type(uint96).max && sum > perPayment) itemCapBroken = true;
            paid += sum;
        }
        uint256 moved = _transferred(logs);
        uint256 used = _usedNow() + moved;
        if (moved != 0 && perWindow != type(uint128).max && used > perWindow) windowCapBroken = true;
        if (moved != paid) logsDisagree = true;
        (windowNumber, windowUsed) = (block.timestamp / windowSeconds, used);
    }

    function _transferred(Vm.Log[] memory logs) private pure returns (uint256 moved) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IERC20.Transfer.selector) moved += abi.decode(logs[i].data, (uint256));
        }
    }

    function _isSkipped(Vm.Log[] memory logs, uint256 index) private pure returns (bool) {
        for (uint256 i = 0; i < logs.length; ++i) {
            bool isSkip = logs[i].topics[0] == ITokenRules.PaymentSkipped.selector;
            if (isSkip && uint256(logs[i].topics[2]) == index) return true;
        }
        return false;
    }

    function _sum(Payment memory payment) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < payment.legs.length; ++i) {
            sum += payment.legs[i].amount;
        }
    }

    function _usedNow() private view returns (uint256) {
        (,, uint32 windowSeconds) = RULES.caps();
        return block.timestamp / windowSeconds == windowNumber ? windowUsed : 0;
    }
}
