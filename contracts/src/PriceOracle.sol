// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {SignerSet} from "./SignerSet.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";

/// @title Prices of value tokens in fiat money, signed by k of n feeders.
///
/// ROLES
/// - feeders: the threshold of them sets prices and changes feeders. No owner.
///
/// TRUST
/// The threshold of feeders can set any price. Payers are protected by the bounds they sign, recipients by the
/// pricer's guard against jumps.
///
/// LIVENESS
/// Without feeders prices expire, and payments priced in fiat wait. Payments in tokens do not.
contract PriceOracle is SignerSet, IPriceOracle {
    /* CONSTANTS */

    /// @notice Longest time, in seconds, that a price may be valid for.
    uint256 public constant LIFETIME_MAX = 1 days;

    bytes32 private constant PRICE_TYPEHASH =
        keccak256("Price(address asset,bytes3 currency,uint256 value,uint64 observedAt,uint64 expiresAt)");

    /* STORAGE */

    struct Record {
        uint128 value;
        uint64 observedAt;
        uint64 expiresAt;
        uint128 previousValue;
    }

    mapping(address asset => mapping(bytes3 currency => Record)) private _records;

    /* CONSTRUCTOR */

    constructor(bytes[] memory feeders, uint64 threshold_)
        SignerSet("OST KIT Price Oracle", feeders, threshold_)
    {}

    /* PRICES */

    /// @inheritdoc IPriceOracle
    function submitPrice(Price calldata price, bytes calldata signatures) external {
        Record storage record = _records[price.asset][price.currency];
        _requireValid(price, record.observedAt);
        _requireSigned(priceDigest(price), signatures);
        record.previousValue = record.value;
        // Checked against the type above.
        // forge-lint: disable-next-line(unsafe-typecast)
        record.value = uint128(price.value);
        (record.observedAt, record.expiresAt) = (price.observedAt, price.expiresAt);
        emit PriceSubmitted(price.asset, price.currency, price.value, price.observedAt, price.expiresAt);
    }

    /* VIEWS */

    /// @inheritdoc IPriceOracle
    function latestPrice(address asset, bytes3 currency)
        external
        view
        returns (uint256 value, uint64 observedAt, uint64 expiresAt, uint256 previousValue)
    {
        Record memory record = _records[asset][currency];
        return (record.value, record.observedAt, record.expiresAt, record.previousValue);
    }

    /// @inheritdoc IPriceOracle
    function priceDigest(Price calldata price) public view returns (bytes32) {
        // A price is static, so its encoding is its members one after the other.
        return _hashTypedDataV4(keccak256(abi.encode(PRICE_TYPEHASH, price)));
    }

    /* INTERNAL */

    function _requireValid(Price calldata price, uint64 lastObservedAt) private view {
        require(price.value != 0 && price.value <= type(uint128).max, PriceOutOfRange(price.value));
        require(price.observedAt > lastObservedAt, PriceNotNewer(price.observedAt, lastObservedAt));
        require(price.observedAt <= block.timestamp, PriceFromFuture(price.observedAt));
        bool isLive = price.expiresAt >= block.timestamp && price.expiresAt >= price.observedAt
            && price.expiresAt - price.observedAt <= LIFETIME_MAX;
        require(isLive, InvalidExpiry(price.observedAt, price.expiresAt));
    }
}
