// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @notice Payments in branded tokens whose amounts are in fiat money.
interface IPricerRule {
    /// @notice What a payer signs (EIP-712).
    /// @param economyId Economy, by the hash of its terms.
    /// @param payer Who pays; it gave the rule an allowance of the token.
    /// @param recipients Who is paid.
    /// @param fiatAmounts What each is paid, in the currency, times 10^18.
    /// @param currency ISO 4217 code.
    /// @param minTokens Least base units of the token that all may cost together.
    /// @param maxTokens Most base units of the token that all may cost together.
    /// @param nonce Key in the high 192 bits, number in the low 64.
    /// @param deadline Last second at which the payment may be made.
    struct PricedPayment {
        bytes32 economyId;
        address payer;
        address[] recipients;
        uint256[] fiatAmounts;
        bytes3 currency;
        uint256 minTokens;
        uint256 maxTokens;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice A payment was made; its transfers are the logs before this one.
    event PaymentMade(
        bytes32 indexed paymentHash,
        bytes32 indexed economyId,
        address indexed payer,
        bytes3 currency,
        uint256 price,
        uint256 tokens
    );

    /// @notice Recipients and amounts are not as many, or none, or more than {RECIPIENTS_MAX}.
    error WrongLength(uint256 recipients, uint256 amounts);

    /// @notice The payment was to be made before.
    error PaymentExpired(uint256 deadline);

    /// @notice Not a signature of the payer over the payment.
    error InvalidSignature();

    /// @notice Nobody gave a price.
    error NoPrice(address asset, bytes3 currency);

    /// @notice The price was observed too long ago, or is valid no more.
    error StalePrice(uint64 observedAt, uint64 expiresAt);

    /// @notice The price jumped; it counts once another one near it follows.
    error PriceDeviates(uint256 value, uint256 previousValue);

    /// @notice An amount is worth less than the smallest unit of the token.
    error AmountTooSmall(uint256 fiatAmount);

    /// @notice The payment costs fewer tokens than the payer allowed, or more.
    error OutOfBounds(uint256 tokens, uint256 minTokens, uint256 maxTokens);

    /// @notice Pays each recipient the tokens its fiat amount is worth now. All or nothing.
    /// @param signature Of the payer over {paymentHash}; ignored if the payer itself calls.
    /// @return tokens Base units paid altogether.
    function pay(PricedPayment calldata payment, bytes calldata signature) external returns (uint256 tokens);

    /// @notice Base units of the economy's token that `fiatAmount` is worth now, rounded down, in the payer's favour.
    /// @dev Reverts as {pay} does when no price can be used.
    function tokensFor(bytes32 economyId, bytes3 currency, uint256 fiatAmount)
        external
        view
        returns (uint256 tokens);

    /// @notice What a payer signs.
    function paymentHash(PricedPayment calldata payment) external view returns (bytes32);
}
