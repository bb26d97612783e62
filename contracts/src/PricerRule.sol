// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";
import {IMessageGateway} from "./interfaces/IMessageGateway.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IPricerRule} from "./interfaces/IPricerRule.sol";
import {EconomyTerms} from "./libraries/EconomyTermsLib.sol";

/// @title Payments in branded tokens whose amounts are in fiat money.
///
/// ROLES
/// None. Payers sign, anyone brings.
///
/// TRUST
/// - The oracle is trusted between the bounds that the payer signed. A price that jumped, or that is stale, is not
///   used at all.
/// - The gateway is trusted with the economy's token and rate; a token is worth what stands behind it.
///
/// TOKEN
/// Tokens of registered economies, moved by the payer's allowance.
///
/// LIVENESS
/// Payments wait for a price. Nothing is held here meanwhile.
contract PricerRule is EIP712, NoncesKeyed, IPricerRule {
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    /// @notice Most recipients of one payment.
    uint256 public constant RECIPIENTS_MAX = 100;

    uint256 private constant BPS = 10_000;

    /// @dev Prices and fiat amounts both count 10^-18 of a currency's unit, so between them nothing is scaled.
    bytes32 private constant PAYMENT_TYPEHASH = keccak256(
        "PricedPayment(bytes32 economyId,address payer,address[] recipients,uint256[] fiatAmounts,bytes3 currency,uint256 minTokens,uint256 maxTokens,uint256 nonce,uint256 deadline)"
    );

    /* IMMUTABLES */

    /// @notice Knows the economies.
    IMessageGateway public immutable GATEWAY;

    /// @notice Knows the prices.
    IPriceOracle public immutable ORACLE;

    /// @notice Seconds after its observation from which a price is stale.
    uint256 public immutable MAX_AGE;

    /// @notice Most that a price may differ from the one before, in hundredths of a percent of that.
    uint256 public immutable MAX_DEVIATION_BPS;

    /* CONSTRUCTOR */

    constructor(IMessageGateway gateway, IPriceOracle oracle, uint256 maxAge, uint256 maxDeviationBps)
        EIP712("OST KIT Pricer", "1")
    {
        (GATEWAY, ORACLE) = (gateway, oracle);
        (MAX_AGE, MAX_DEVIATION_BPS) = (maxAge, maxDeviationBps);
    }

    /* PAYMENTS */

    /// @inheritdoc IPricerRule
    function pay(PricedPayment calldata payment, bytes calldata signature) external returns (uint256 tokens) {
        _requireLengths(payment);
        require(block.timestamp <= payment.deadline, PaymentExpired(payment.deadline));
        bytes32 hash = paymentHash(payment);
        _requireAuthorised(payment.payer, hash, signature);
        _useCheckedNonce(payment.payer, payment.nonce);
        EconomyTerms memory terms = GATEWAY.economyTerms(payment.economyId);
        uint256 price = _price(terms.valueToken, payment.currency);
        tokens = _payAll(payment, terms, price);
        bool isWithin = tokens >= payment.minTokens && tokens <= payment.maxTokens;
        require(isWithin, OutOfBounds(tokens, payment.minTokens, payment.maxTokens));
        emit PaymentMade(hash, payment.economyId, payment.payer, payment.currency, price, tokens);
    }

    /* VIEWS */

    /// @inheritdoc IPricerRule
    function tokensFor(bytes32 economyId, bytes3 currency, uint256 fiatAmount)
        external
        view
        returns (uint256 tokens)
    {
        EconomyTerms memory terms = GATEWAY.economyTerms(economyId);
        return _toTokens(terms, fiatAmount, _price(terms.valueToken, currency));
    }

    /// @inheritdoc IPricerRule
    function paymentHash(PricedPayment calldata payment) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    PAYMENT_TYPEHASH,
                    payment.economyId,
                    payment.payer,
                    keccak256(abi.encodePacked(payment.recipients)),
                    keccak256(abi.encodePacked(payment.fiatAmounts)),
                    payment.currency,
                    payment.minTokens,
                    payment.maxTokens,
                    payment.nonce,
                    payment.deadline
                )
            )
        );
    }

    /* INTERNAL */

    /// @dev The tokens are this platform's, which call nobody back; so the bounds may be checked afterwards.
    function _payAll(PricedPayment calldata payment, EconomyTerms memory terms, uint256 price)
        private
        returns (uint256 total)
    {
        IERC20 token = IERC20(terms.utilityToken);
        for (uint256 i = 0; i < payment.recipients.length; ++i) {
            uint256 tokens = _toTokens(terms, payment.fiatAmounts[i], price);
            require(tokens != 0, AmountTooSmall(payment.fiatAmounts[i]));
            total += tokens;
            token.safeTransferFrom(payment.payer, payment.recipients[i], tokens);
        }
    }

    /// @dev The price of one whole value token in the currency, if it can be used now.
    function _price(address asset, bytes3 currency) private view returns (uint256) {
        (uint256 value, uint64 observedAt, uint64 expiresAt, uint256 previousValue) =
            ORACLE.latestPrice(asset, currency);
        require(value != 0, NoPrice(asset, currency));
        bool isFresh = block.timestamp <= expiresAt && block.timestamp <= observedAt + MAX_AGE;
        require(isFresh, StalePrice(observedAt, expiresAt));
        require(_isNear(value, previousValue), PriceDeviates(value, previousValue));
        return value;
    }

    /// @dev The first price of all has none before it to be compared with.
    function _isNear(uint256 value, uint256 previousValue) private view returns (bool) {
        if (previousValue == 0) return true;
        uint256 difference = value > previousValue ? value - previousValue : previousValue - value;
        return difference * BPS <= previousValue * MAX_DEVIATION_BPS;
    }

    /// @dev fiat / price = whole value tokens; times the rate = whole branded tokens; times 10^decimals = base units.
    function _toTokens(EconomyTerms memory terms, uint256 fiatAmount, uint256 price)
        private
        pure
        returns (uint256)
    {
        uint256 unitsPerValueToken = uint256(terms.rate) * 10 ** terms.utilityDecimals;
        return Math.mulDiv(fiatAmount, unitsPerValueToken, price * 10 ** terms.rateDecimals);
    }

    function _requireLengths(PricedPayment calldata payment) private pure {
        (uint256 recipients, uint256 amounts) = (payment.recipients.length, payment.fiatAmounts.length);
        bool isRight = recipients == amounts && recipients != 0 && recipients <= RECIPIENTS_MAX;
        require(isRight, WrongLength(recipients, amounts));
    }

    function _requireAuthorised(address payer, bytes32 hash, bytes calldata signature) private view {
        if (msg.sender == payer) return;
        require(SignatureChecker.isValidSignatureNowCalldata(payer, hash, signature), InvalidSignature());
    }
}
