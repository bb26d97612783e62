// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice What value tokens are worth in fiat money, as k of n feeders sign it.
interface IPriceOracle {
    /// @param asset Value token, by its address on the value chain.
    /// @param currency ISO 4217 code.
    /// @param value Price of one whole token, in the currency, times 10^18.
    /// @param observedAt When the price was observed, in seconds since the Unix epoch.
    /// @param expiresAt Last second at which the price may be used.
    struct Price {
        address asset;
        bytes3 currency;
        uint256 value;
        uint64 observedAt;
        uint64 expiresAt;
    }

    /// @notice A price was stored.
    event PriceSubmitted(
        address indexed asset, bytes3 indexed currency, uint256 value, uint64 observedAt, uint64 expiresAt
    );

    /// @notice No price is zero, and none does not fit 128 bits.
    error PriceOutOfRange(uint256 value);

    /// @notice The price was observed no later than the one that is known.
    error PriceNotNewer(uint64 observedAt, uint64 lastObservedAt);

    /// @notice The price is said to be observed in the future.
    error PriceFromFuture(uint64 observedAt);

    /// @notice The price is valid no more, or for longer than a price may be.
    error InvalidExpiry(uint64 observedAt, uint64 expiresAt);

    /// @notice Stores a newer price. Anyone may bring the signatures.
    /// @param signatures Of the threshold of feeders over {priceDigest}, as {ISignerSet} has them.
    function submitPrice(Price calldata price, bytes calldata signatures) external;

    /// @notice The newest price, expired or not, and the one before. All zero if there is none.
    function latestPrice(address asset, bytes3 currency)
        external
        view
        returns (uint256 value, uint64 observedAt, uint64 expiresAt, uint256 previousValue);

    /// @notice What feeders sign for a price (EIP-712).
    function priceDigest(Price calldata price) external view returns (bytes32);
}
