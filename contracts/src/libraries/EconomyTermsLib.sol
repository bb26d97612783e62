// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What an economy's token is backed by, fixed for good. The same on both chains, as its hash is the
/// economy's id in every message.
/// @param valueToken Token of the stake, on the value chain.
/// @param valueDecimals Decimals of the value token.
/// @param utilityDecimals Decimals of the utility token.
/// @param rateDecimals Decimals of the rate, at most 5.
/// @param utilityToken The branded token, on the utility chain.
/// @param rate Whole utility tokens for one whole value token, times 10^rateDecimals.
/// @param holderFactory Factory of the token's holders, on the utility chain.
/// @param holderInitCodeHash Hash of the init code of the token's holders.
struct EconomyTerms {
    address valueToken;
    uint8 valueDecimals;
    uint8 utilityDecimals;
    uint8 rateDecimals;
    address utilityToken;
    uint96 rate;
    address holderFactory;
    bytes32 holderInitCodeHash;
}

/// @notice Id, checks and conversion of {EconomyTerms}. Every rounding is down, and so in favour of the vault: what
/// is minted for a stake, and what is released for a redemption, is at most what the rate says.
library EconomyTermsLib {
    /// @notice Terms that no economy can have.
    error InvalidTerms();

    uint8 internal constant RATE_DECIMALS_MAX = 5;
    uint8 internal constant DECIMALS_MAX = 18;

    /// @notice The economy's id in messages.
    function idOf(EconomyTerms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    /// @notice Reverts with {InvalidTerms} unless an economy can have these terms.
    function requireValid(EconomyTerms memory terms) internal pure {
        require(terms.valueToken != address(0) && terms.utilityToken != address(0), InvalidTerms());
        require(terms.rate != 0 && terms.rateDecimals <= RATE_DECIMALS_MAX, InvalidTerms());
        require(terms.valueDecimals <= DECIMALS_MAX && terms.utilityDecimals <= DECIMALS_MAX, InvalidTerms());
    }

    /// @notice Base units of the utility token for `value` base units of the value token.
    function toUtilityDown(EconomyTerms storage terms, uint256 value) internal view returns (uint256) {
        (uint256 utilityUnits, uint256 valueUnits) = _ratio(terms);
        return Math.mulDiv(value, utilityUnits, valueUnits);
    }

    /// @notice Base units of the value token for `utility` base units of the utility token.
    function toValueDown(EconomyTerms storage terms, uint256 utility) internal view returns (uint256) {
        (uint256 utilityUnits, uint256 valueUnits) = _ratio(terms);
        return Math.mulDiv(utility, valueUnits, utilityUnits);
    }

    /// @dev So many base units of utility for so many of value; below 2^156 and 2^77.
    function _ratio(EconomyTerms storage terms) private view returns (uint256, uint256) {
        return (
            uint256(terms.rate) * 10 ** terms.utilityDecimals,
            10 ** (uint256(terms.rateDecimals) + terms.valueDecimals)
        );
    }
}
