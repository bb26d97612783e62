// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {PriceOracle} from "../../src/PriceOracle.sol";
import {IPriceOracle} from "../../src/interfaces/IPriceOracle.sol";
import {ISignerSet} from "../../src/interfaces/ISignerSet.sol";
import {SignerKeys} from "../support/SignerKeys.sol";
import {vm} from "../support/Vm.sol";

contract SubmitPriceTest {
    uint64 private constant NOW = 1_700_000_000;
    address private constant OST = address(0x057);

    PriceOracle private oracle;

    function setUp() public {
        vm.warp(NOW);
        oracle = PriceOracle(vm.deployCode("PriceOracle.sol", abi.encode(SignerKeys.all(), uint64(2))));
    }

    function test_submitPrice_keepsTheOneBefore() public {
        _submit(_price(5e16, NOW - 60));
        vm.expectEmit(address(oracle));
        emit IPriceOracle.PriceSubmitted(OST, "USD", 6e16, NOW, NOW + 1 hours);
        _submit(_price(6e16, NOW));
        (uint256 value, uint64 observedAt, uint64 expiresAt, uint256 previous) =
            oracle.latestPrice(OST, "USD");
        vm.assertEq(value, 6e16, "value");
        vm.assertEq(observedAt, NOW, "observed");
        vm.assertEq(expiresAt, NOW + 1 hours, "expires");
        vm.assertEq(previous, 5e16, "previous");
        (value,,,) = oracle.latestPrice(OST, "EUR");
        vm.assertEq(value, 0, "no other currency");
    }

    function test_submitPrice_withFewerSignatures_reverts() public {
        IPriceOracle.Price memory price = _price(5e16, NOW);
        bytes memory signatures = SignerKeys.sign(oracle.priceDigest(price), 1);
        vm.expectRevert(abi.encodeWithSelector(ISignerSet.NotSigned.selector));
        oracle.submitPrice(price, signatures);
    }

    function testFuzz_submitPrice_notNewer_reverts(uint64 age) public {
        _submit(_price(5e16, NOW));
        uint64 observedAt = NOW - age % NOW;
        _expectRefusal(
            _price(5e16, observedAt),
            abi.encodeWithSelector(IPriceOracle.PriceNotNewer.selector, observedAt, NOW)
        );
    }

    function test_submitPrice_fromTheFuture_reverts() public {
        _expectRefusal(
            _price(5e16, NOW + 1), abi.encodeWithSelector(IPriceOracle.PriceFromFuture.selector, NOW + 1)
        );
    }

    function test_submitPrice_outOfRange_reverts() public {
        _expectRefusal(_price(0, NOW), abi.encodeWithSelector(IPriceOracle.PriceOutOfRange.selector, 0));
        uint256 large = uint256(type(uint128).max) + 1;
        _expectRefusal(
            _price(large, NOW), abi.encodeWithSelector(IPriceOracle.PriceOutOfRange.selector, large)
        );
    }

    function test_submitPrice_expiredOrValidForTooLong_reverts() public {
        IPriceOracle.Price memory price = _price(5e16, NOW - 10);
        price.expiresAt = NOW - 1;
        _expectRefusal(price, abi.encodeWithSelector(IPriceOracle.InvalidExpiry.selector, NOW - 10, NOW - 1));
        price.expiresAt = NOW - 10 + 1 days + 1;
        _expectRefusal(
            price, abi.encodeWithSelector(IPriceOracle.InvalidExpiry.selector, NOW - 10, price.expiresAt)
        );
    }

    function _submit(IPriceOracle.Price memory price) private {
        oracle.submitPrice(price, SignerKeys.sign(oracle.priceDigest(price), 2));
    }

    function _expectRefusal(IPriceOracle.Price memory price, bytes memory error) private {
        bytes memory signatures = SignerKeys.sign(oracle.priceDigest(price), 2);
        vm.expectRevert(error);
        oracle.submitPrice(price, signatures);
    }

    function _price(uint256 value, uint64 observedAt) private pure returns (IPriceOracle.Price memory) {
        return IPriceOracle.Price(OST, "USD", value, observedAt, observedAt + 1 hours);
    }
}
