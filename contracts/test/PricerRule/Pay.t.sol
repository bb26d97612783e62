// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {PriceOracle} from "../../src/PriceOracle.sol";
import {PricerRule} from "../../src/PricerRule.sol";
import {IMessageGateway} from "../../src/interfaces/IMessageGateway.sol";
import {IPriceOracle} from "../../src/interfaces/IPriceOracle.sol";
import {IPricerRule} from "../../src/interfaces/IPricerRule.sol";
import {ProtocolTest} from "../support/ProtocolTest.sol";
import {SignerKeys} from "../support/SignerKeys.sol";
import {vm} from "../support/Vm.sol";

/// @dev 1 OST = 100 BT = 0.05 USD, so 1 USD = 2,000 BT.
contract PayTest is ProtocolTest {
    uint256 private constant MAX_AGE = 10 minutes;
    uint256 private constant MAX_DEVIATION_BPS = 500;
    uint256 private constant USD_PRICE = 5e16;

    PriceOracle private oracle;
    PricerRule private pricer;

    function setUp() public override {
        super.setUp();
        _stakeAndMint(1_000e18);
        _onUtilityChain();
        oracle = PriceOracle(_new("PriceOracle.sol", abi.encode(SignerKeys.all(), uint64(2))));
        pricer = PricerRule(_new("PricerRule.sol", abi.encode(coGateway, oracle, MAX_AGE, MAX_DEVIATION_BPS)));
        vm.prank(company);
        backed.approve(address(pricer), type(uint256).max);
        _setPrice("USD", USD_PRICE);
    }

    function test_pay_bySignature_paysAtThePrice() public {
        IPricerRule.PricedPayment memory payment = _payment();
        bytes memory signature = _sign("company", payment);
        vm.prank(facilitator);
        uint256 tokens = pricer.pay(payment, signature);
        vm.assertEq(tokens, 3_500e18, "tokens");
        vm.assertEq(backed.balanceOf(alice), 2_000e18, "1 USD");
        vm.assertEq(backed.balanceOf(bob), 1_500e18, "0.75 USD");
    }

    function test_pay_byThePayerItself_needsNoSignature() public {
        vm.prank(company);
        pricer.pay(_payment(), "");
        vm.assertEq(backed.balanceOf(alice), 2_000e18, "1 USD");
    }

    function test_pay_inEachCurrency() public {
        _setPrice("EUR", 4e16);
        _setPrice("GBP", 25e15);
        vm.assertEq(pricer.tokensFor(economy, "USD", 1e18), 2_000e18, "USD");
        vm.assertEq(pricer.tokensFor(economy, "EUR", 1e18), 2_500e18, "EUR");
        vm.assertEq(pricer.tokensFor(economy, "GBP", 1e18), 4_000e18, "GBP");
    }

    function test_pay_twice_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        bytes memory signature = _sign("company", payment);
        pricer.pay(payment, signature);
        vm.expectRevert(
            abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, company, payment.nonce + 1)
        );
        pricer.pay(payment, signature);
    }

    /// @dev Whatever is changed is not what was signed.
    function testFuzz_pay_changed_reverts(uint256 member, uint256 value) public {
        IPricerRule.PricedPayment memory payment = _payment();
        bytes memory signature = _sign("company", payment);
        member %= 5;
        if (member == 0) payment.recipients[0] = stranger;
        if (member == 1) payment.fiatAmounts[1] = _bound(value, 1e18, 2e18);
        if (member == 2) payment.maxTokens = _bound(value, 5_001e18, 6_000e18);
        if (member == 3) payment.nonce += 1 + value % 1000;
        if (member == 4) payment.deadline += 1 + value % 1000;
        vm.expectRevert(abi.encodeWithSelector(IPricerRule.InvalidSignature.selector));
        pricer.pay(payment, signature);
    }

    function test_pay_outOfTheSignedBounds_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        payment.maxTokens = 3_500e18 - 1;
        _expectRefusal(
            payment,
            abi.encodeWithSelector(IPricerRule.OutOfBounds.selector, 3_500e18, 3_000e18, payment.maxTokens)
        );
        (payment.minTokens, payment.maxTokens) = (3_500e18 + 1, 9_000e18);
        _expectRefusal(
            payment,
            abi.encodeWithSelector(
                IPricerRule.OutOfBounds.selector, 3_500e18, payment.minTokens, payment.maxTokens
            )
        );
        vm.assertEq(backed.balanceOf(alice), 0, "nothing paid");
    }

    function test_pay_withoutAPrice_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        payment.currency = "EUR";
        _expectRefusal(
            payment, abi.encodeWithSelector(IPricerRule.NoPrice.selector, address(ost), bytes3("EUR"))
        );
    }

    function test_pay_atAStalePrice_reverts() public {
        vm.warp(START + MAX_AGE + 1);
        _expectRefusal(
            _payment(),
            abi.encodeWithSelector(IPricerRule.StalePrice.selector, uint64(START), uint64(START + 1 hours))
        );
    }

    /// @dev A price that jumps is used once a second one near it says the same.
    function test_pay_afterAJump_waitsForASecondPrice() public {
        vm.warp(START + 60);
        _setPrice("USD", USD_PRICE * 2);
        _expectRefusal(
            _payment(), abi.encodeWithSelector(IPricerRule.PriceDeviates.selector, USD_PRICE * 2, USD_PRICE)
        );
        vm.warp(START + 120);
        _setPrice("USD", USD_PRICE * 2 + 1);
        IPricerRule.PricedPayment memory payment = _payment();
        payment.minTokens = 0;
        vm.prank(company);
        pricer.pay(payment, "");
    }

    function test_pay_afterTheDeadline_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        payment.deadline = START - 1;
        _expectRefusal(payment, abi.encodeWithSelector(IPricerRule.PaymentExpired.selector, START - 1));
    }

    function test_pay_lengthsThatDiffer_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        payment.fiatAmounts = new uint256[](1);
        _expectRefusal(payment, abi.encodeWithSelector(IPricerRule.WrongLength.selector, 2, 1));
        (payment.recipients, payment.fiatAmounts) = (new address[](0), new uint256[](0));
        _expectRefusal(payment, abi.encodeWithSelector(IPricerRule.WrongLength.selector, 0, 0));
        (payment.recipients, payment.fiatAmounts) = (new address[](101), new uint256[](101));
        _expectRefusal(payment, abi.encodeWithSelector(IPricerRule.WrongLength.selector, 101, 101));
    }

    function test_pay_lessThanAUnit_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        payment.fiatAmounts[1] = 0;
        _expectRefusal(payment, abi.encodeWithSelector(IPricerRule.AmountTooSmall.selector, 0));
    }

    function test_pay_unknownEconomy_reverts() public {
        IPricerRule.PricedPayment memory payment = _payment();
        payment.economyId = keccak256("none");
        _expectRefusal(
            payment, abi.encodeWithSelector(IMessageGateway.UnknownEconomy.selector, payment.economyId)
        );
    }

    /// @dev Rounded down: never more than the fiat amount is worth, and less by less than one unit.
    function testFuzz_tokensFor_roundsDown(uint256 fiat, uint256 price) public {
        fiat = _bound(fiat, 0, 1e30);
        price = _bound(price, 1, 1e30);
        vm.warp(START + 60);
        _setPrice("JPY", price);
        uint256 tokens = pricer.tokensFor(economy, "JPY", fiat);
        vm.assertLe(tokens * price, fiat * 100e18, "not more");
        vm.assertTrue((tokens + 1) * price > fiat * 100e18, "not less by a unit");
    }

    function _payment() private view returns (IPricerRule.PricedPayment memory payment) {
        payment.economyId = economy;
        payment.payer = company;
        payment.recipients = new address[](2);
        (payment.recipients[0], payment.recipients[1]) = (alice, bob);
        payment.fiatAmounts = new uint256[](2);
        (payment.fiatAmounts[0], payment.fiatAmounts[1]) = (1e18, 0.75e18);
        payment.currency = "USD";
        (payment.minTokens, payment.maxTokens) = (3_000e18, 5_000e18);
        (payment.nonce, payment.deadline) = (7 << 64, START + 1 hours);
    }

    function _setPrice(bytes3 currency, uint256 value) private {
        // Asked for, because the compiler takes it for one value in a whole call.
        uint64 at = uint64(vm.getBlockTimestamp());
        IPriceOracle.Price memory price = IPriceOracle.Price(address(ost), currency, value, at, at + 1 hours);
        oracle.submitPrice(price, SignerKeys.sign(oracle.priceDigest(price), 2));
    }

    function _sign(string memory name, IPricerRule.PricedPayment memory payment)
        private
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(uint256(keccak256(bytes(name))), pricer.paymentHash(payment));
        return abi.encodePacked(r, s, v);
    }

    function _expectRefusal(IPricerRule.PricedPayment memory payment, bytes memory error) private {
        vm.prank(company);
        vm.expectRevert(error);
        pricer.pay(payment, "");
    }
}
