// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Leg, Payment} from "./PaymentEncoder.sol";

/// @dev Payments that a seed decides: few people, so that they meet often; amounts around what people own; and
/// now and then what must not be.
library RandomPayments {
    struct People {
        bytes12[] salts;
        address[] recipients;
    }

    uint256 private constant LARGEST_USUAL = 300;

    function payments(uint256 seed, uint256 count, People memory people)
        internal
        pure
        returns (Payment[] memory all)
    {
        all = new Payment[](count);
        for (uint256 i = 0; i < count; ++i) {
            all[i] = payment(uint256(keccak256(abi.encode(seed, i))), people);
        }
    }

    function payment(uint256 seed, People memory people) internal pure returns (Payment memory) {
        uint256 dice = seed % 10;
        Leg[] memory legs = new Leg[](dice < 6 ? 1 : dice - 4);
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 legSeed = uint256(keccak256(abi.encode(seed, "leg", i)));
            legs[i] = Leg(people.recipients[legSeed % people.recipients.length], _amount(legSeed >> 64));
        }
        return Payment(people.salts[(seed >> 8) % people.salts.length], legs);
    }

    function _amount(uint256 seed) private pure returns (uint96) {
        if (seed % 40 == 0) return 0;
        if (seed % 41 == 0) return type(uint96).max;
        return uint96((seed >> 16) % LARGEST_USUAL + 1);
    }
}
