// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @dev One movement of a payment.
struct Leg {
    address recipient;
    uint96 amount;
}

/// @dev One payment before packing.
struct Payment {
    bytes12 payerSalt;
    Leg[] legs;
}

/// @dev Packs payments the plain way, byte by byte from the description, as the off-chain encoder does.
library PaymentEncoder {
    function encode(Payment[] memory payments) internal pure returns (bytes memory packed) {
        for (uint256 i = 0; i < payments.length; ++i) {
            packed = bytes.concat(packed, encode(payments[i]));
        }
    }

    function encode(Payment memory payment) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(payment.payerSalt, uint8(payment.legs.length));
        for (uint256 i = 0; i < payment.legs.length; ++i) {
            packed = abi.encodePacked(packed, payment.legs[i].recipient, payment.legs[i].amount);
        }
    }

    function encode(bytes12 payerSalt, address recipient, uint96 amount)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(payerSalt, uint8(1), recipient, amount);
    }

    function one(bytes12 payerSalt, address recipient, uint96 amount) internal pure returns (Payment memory) {
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(recipient, amount);
        return Payment(payerSalt, legs);
    }
}
