// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {Leg, Payment, PaymentEncoder} from "../support/PaymentEncoder.sol";
import {GasVm} from "../support/GasVm.sol";
import {vm} from "../support/Vm.sol";

/// @dev Gas of whole transactions, intrinsic gas and calldata included, every slot cold: with `isolate` forge runs
/// each call as a transaction of its own. The figures are written to snapshots/ and explained in docs/gas.md.
///
/// forge-config: default.isolate = true
contract GasTest is BaseTest {
    /// @dev Gas of one payment in a full batch, all parties different and known, everything of the transaction
    /// included.
    uint256 private constant PAYMENT_GAS_MAX = 13_000;
    uint256 private constant BATCH = 500;

    /// @dev What a batch costs at most: base + payments x payment + legs x leg.
    uint256 private constant ESTIMATE_BASE = 90_000;
    uint256 private constant ESTIMATE_PAYMENT = 6_500;
    uint256 private constant ESTIMATE_LEG = 25_500;

    /// @dev 11.068... tokens: every digit of 18 decimals used, and no byte zero, as zero bytes are cheaper.
    uint96 private constant AMOUNT = 0x9999999999999999;

    function setUp() public override {
        super.setUp();
        // The window's slot and the company's account exist, as they do in every economy but for the first time.
        _mint(aliceHolder, 1);
        _execute(PaymentEncoder.encode(aliceSalt, company, 1));
    }

    function test_gas_batchOfStrangers_staysBelowTheBound() public {
        bytes memory payments = _payments(true, true);
        uint256 total = _measureBatch("500 payers to 500 known recipients, each", payments, BATCH);
        vm.assertLe(total, PAYMENT_GAS_MAX * BATCH, "gas of the batch");
    }

    function test_gas_batchToNewRecipients() public {
        _measureBatch("500 payers to 500 new recipients, each", _payments(true, false), BATCH);
    }

    function test_gas_batchOfOnePayer() public {
        _measureBatch("1 payer to 500 known recipients, each", _payments(false, true), BATCH);
    }

    function test_gas_batchWithCommission() public {
        bytes memory payments;
        for (uint256 i = 0; i < BATCH; ++i) {
            Leg[] memory legs = new Leg[](2);
            legs[0] = Leg(_knownHolder(BATCH + i), AMOUNT);
            legs[1] = Leg(company, AMOUNT);
            payments = bytes.concat(payments, PaymentEncoder.encode(Payment(_knownPayer(i), legs)));
        }
        _measureBatch("500 payments with commission, each", payments, BATCH);
    }

    function test_gas_batchOfTwoLegs() public {
        bytes memory payments;
        for (uint256 i = 0; i < BATCH; ++i) {
            Leg[] memory legs = new Leg[](2);
            legs[0] = Leg(_knownHolder(BATCH + i), AMOUNT);
            legs[1] = Leg(_knownHolder(2 * BATCH + i), AMOUNT);
            payments = bytes.concat(payments, PaymentEncoder.encode(Payment(_knownPayer(i), legs)));
        }
        _measureBatch("500 payments to 2 known recipients, each", payments, BATCH);
    }

    /// @dev The dearest batch there is: what a submitter must expect at most, see docs/gas.md.
    function test_gas_batchOfTwoLegsToNewRecipients_staysBelowTheEstimate() public {
        bytes memory payments;
        uint256 count = BATCH / 2;
        for (uint256 i = 0; i < count; ++i) {
            Leg[] memory legs = new Leg[](2);
            legs[0] = Leg(_holder(_denseSalt(BATCH + i)), AMOUNT);
            legs[1] = Leg(_holder(_denseSalt(2 * BATCH + i)), AMOUNT);
            payments = bytes.concat(payments, PaymentEncoder.encode(Payment(_knownPayer(i), legs)));
        }
        uint256 total = _measureBatch("250 payments to 2 new recipients, each", payments, count);
        uint256 estimate = ESTIMATE_BASE + count * (ESTIMATE_PAYMENT + 2 * ESTIMATE_LEG);
        vm.assertLe(total, estimate, "gas of the batch");
    }

    function test_gas_batchOfSkips() public {
        bytes memory payments;
        for (uint256 i = 0; i < BATCH; ++i) {
            payments = bytes.concat(payments, PaymentEncoder.encode(_salt(i), company, AMOUNT));
        }
        (, uint256 skipped) = _execute(payments);
        uint256 total = _lastGas();
        vm.assertEq(skipped, BATCH, "payments skipped");
        _record("500 skipped payments, each", total / BATCH);
    }

    function test_gas_singlePayment() public {
        bytes memory payment = PaymentEncoder.encode(_knownPayer(0), _knownHolder(1), AMOUNT);
        _measureBatch("batch of a single payment", payment, 1);
    }

    function test_gas_economy() public {
        _createEconomy(keccak256("another"));
        _record("create an economy", _lastGas());
    }

    function test_gas_clone() public {
        this.clone(economyFactory.TOKEN_IMPLEMENTATION());
        _record("deploy a clone", _lastGas());
    }

    function test_gas_holder() public {
        _deployHolder(bobSalt, bob);
        _record("deploy a holder", _lastGas());
    }

    function test_gas_transfer() public {
        _mint(alice, 2);
        _mint(bob, 1);
        vm.prank(alice);
        token.transfer(bob, 1);
        _record("ERC-20 transfer between known accounts", _lastGas());
    }

    function test_gas_grant() public {
        vm.startPrank(granter);
        faucet.grant(address(token), alice, AMOUNT);
        _record("grant, first of a token", _lastGas());
        faucet.grant(address(token), bob, AMOUNT);
        _record("grant to a new recipient", _lastGas());
        faucet.grant(address(token), bob, AMOUNT);
        _record("grant to a known recipient", _lastGas());
        vm.stopPrank();
    }

    function clone(address implementation) external returns (address) {
        return Clones.clone(implementation);
    }

    function _payments(bool areDistinct, bool areKnown) private returns (bytes memory payments) {
        for (uint256 i = 0; i < BATCH; ++i) {
            bytes12 payer = _knownPayer(areDistinct ? i : 0);
            uint256 recipient = BATCH + i;
            address to = areKnown ? _knownHolder(recipient) : _holder(_denseSalt(recipient));
            payments = bytes.concat(payments, PaymentEncoder.encode(payer, to, AMOUNT));
        }
    }

    /// @dev Afterwards the payer still owns something, as a slot that is emptied earns a refund.
    function _knownPayer(uint256 user) private returns (bytes12 salt) {
        salt = _denseSalt(user);
        _mint(_holder(salt), 3 * uint256(AMOUNT));
    }

    function _knownHolder(uint256 user) private returns (address holder) {
        holder = _holder(_denseSalt(user));
        _mint(holder, 1);
    }

    /// @dev A salt that has no zero byte and leads to an address that has none: calldata at its dearest.
    function _denseSalt(uint256 user) private view returns (bytes12 salt) {
        for (uint256 i = 0;; ++i) {
            salt = bytes12(keccak256(abi.encode(user, i)));
            if (_hasZeroByte(bytes32(salt), 12)) continue;
            if (!_hasZeroByte(bytes32(bytes20(_holder(salt))), 20)) return salt;
        }
    }

    function _hasZeroByte(bytes32 word, uint256 length) private pure returns (bool) {
        for (uint256 i = 0; i < length; ++i) {
            if (word[i] == 0) return true;
        }
        return false;
    }

    function _measureBatch(string memory name, bytes memory payments, uint256 count)
        private
        returns (uint256 total)
    {
        (uint256 executed,) = _execute(payments);
        total = _lastGas();
        vm.assertEq(executed, count, "executed");
        bytes memory data = abi.encodeCall(rules.executeBatch, (BATCH_ID, payments));
        vm.assertLe(_calldataFloor(data), total, "EIP-7623 floor: execution must decide the price");
        _record(name, total / count);
    }

    /// @dev EIP-7623: 10 gas for each token of calldata, a zero byte being one token and any other four.
    function _calldataFloor(bytes memory data) private pure returns (uint256) {
        uint256 tokens = 4 * data.length;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) tokens -= 3;
        }
        return 21_000 + 10 * tokens;
    }

    function _lastGas() private view returns (uint256) {
        return GasVm(address(vm)).lastCallGas().gasTotalUsed;
    }

    function _record(string memory name, uint256 gas) private {
        vm.snapshotValue("gas", name, gas);
    }
}
