// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {BaseTest} from "./support/BaseTest.sol";
import {Leg, Payment, PaymentEncoder} from "./support/PaymentEncoder.sol";
import {vm} from "./support/Vm.sol";
interface V2 { struct Gas { uint64 a; uint64 b; uint64 c; int64 d; uint64 e;} function lastCallGas() external view returns (Gas memory); }

/// forge-config: default.isolate = true
contract GasTest is BaseTest {
  event L(string, uint256);
  function test_g() public {
    bytes memory p;
    for (uint256 i; i<500; ++i) { _mint(_holder(_salt(1000+i)), 5e18); _mint(_holder(_salt(5000+i)), 5e18);
      p = bytes.concat(p, PaymentEncoder.encode(_salt(1000+i), _holder(_salt(5000+i)), uint96(1234567890123456789+i)));
    }
    _execute(PaymentEncoder.encode(_salt(1000), _holder(_salt(5000)), 1));_execute(p);
    V2.Gas memory g = V2(address(vm)).lastCallGas();
    emit L("limit", g.a); emit L("total", g.b); emit L("mem", g.c); emit L("refund", uint64(g.d));emit L("rem", g.e);
  }
}
