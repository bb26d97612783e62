// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {EconomyFactory} from "../../src/EconomyFactory.sol";
import {SandboxFaucet} from "../../src/SandboxFaucet.sol";
import {TokenHolder} from "../../src/TokenHolder.sol";
import {TokenHolderFactory} from "../../src/TokenHolderFactory.sol";
import {TokenRules} from "../../src/TokenRules.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {IEconomyFactory} from "../../src/interfaces/IEconomyFactory.sol";
import {vm} from "./Vm.sol";

/// @dev A chain with its factories and one economy, and the people around it.
abstract contract BaseTest {
    bytes32 internal constant ECONOMY_ID = keccak256("economy");
    bytes32 internal constant BATCH_ID = keccak256("batch");
    uint120 internal constant MAX_PER_GRANT = 1_000_000e18;
    uint128 internal constant MAX_TOTAL = 100_000_000e18;

    /// @dev 2023-11-14T22:13:20Z: far from zero, so that windows have a past.
    uint256 internal constant START = 1_700_000_000;

    address internal platformOwner = _actor("platform owner");
    address internal deployer = _actor("deployer");
    address internal granter = _actor("granter");
    address internal owner = _actor("owner");
    address internal admin = _actor("admin");
    address internal operator = _actor("operator");
    address internal stranger = _actor("stranger");
    address internal alice = _actor("alice");
    address internal bob = _actor("bob");
    address internal company = _actor("company");

    bytes12 internal aliceSalt = _salt(1);
    bytes12 internal bobSalt = _salt(2);

    /// @dev Managed holder addresses of the users with the salts above.
    address internal aliceHolder;
    address internal bobHolder;

    TokenHolderFactory internal holderFactory;
    EconomyFactory internal economyFactory;
    SandboxFaucet internal faucet;
    UtilityBrandedToken internal token;
    TokenRules internal rules;

    function setUp() public virtual {
        vm.warp(START);
        _deployPlatform();
        vm.startPrank(platformOwner);
        economyFactory.grantRole(economyFactory.DEPLOYER_ROLE(), deployer);
        economyFactory.setMinter(address(faucet), true);
        faucet.grantRole(faucet.GRANTER_ROLE(), granter);
        vm.stopPrank();
        (token, rules) = _createEconomy(ECONOMY_ID);
        aliceHolder = _holder(aliceSalt);
        bobHolder = _holder(bobSalt);
    }

    /// @dev By name and not by `new`, which would compile the contracts into every test once more.
    function _deployPlatform() private {
        holderFactory = TokenHolderFactory(vm.deployCode("TokenHolderFactory.sol", ""));
        bytes memory args = abi.encode(platformOwner, holderFactory);
        economyFactory = EconomyFactory(vm.deployCode("EconomyFactory.sol", args));
        args = abi.encode(platformOwner, MAX_PER_GRANT, MAX_TOTAL);
        faucet = SandboxFaucet(vm.deployCode("SandboxFaucet.sol", args));
    }

    function _economyParams(bytes32 economyId)
        internal
        view
        returns (IEconomyFactory.EconomyParams memory params)
    {
        params.economyId = economyId;
        params.name = "Branded Token";
        params.symbol = "BT";
        params.decimals = 18;
        params.owner = owner;
        params.admin = admin;
        params.operators = new address[](1);
        params.operators[0] = operator;
        params.minter = address(faucet);
    }

    function _createEconomy(bytes32 economyId) internal returns (UtilityBrandedToken, TokenRules) {
        vm.prank(deployer);
        (address token_, address rules_) = economyFactory.createEconomy(_economyParams(economyId));
        return (UtilityBrandedToken(token_), TokenRules(rules_));
    }

    function _mint(address to, uint256 amount) internal {
        vm.prank(address(faucet));
        token.mint(to, amount);
    }

    function _execute(bytes memory payments) internal returns (uint256 executed, uint256 skipped) {
        vm.prank(operator);
        return rules.executeBatch(BATCH_ID, payments);
    }

    function _setCaps(uint96 perPayment, uint128 perWindow, uint32 windowSeconds) internal {
        vm.prank(owner);
        rules.setCaps(perPayment, perWindow, windowSeconds);
    }

    function _deployHolder(bytes12 userSalt, address holderOwner) internal returns (TokenHolder) {
        vm.prank(admin);
        return TokenHolder(payable(holderFactory.deploy(address(token), userSalt, holderOwner)));
    }

    function _clone(address implementation) internal returns (address) {
        return Clones.clone(implementation);
    }

    function _holder(bytes12 userSalt) internal view returns (address) {
        return holderFactory.holderAddress(address(token), userSalt);
    }

    function _expectMissingRole(address caller, bytes32 role) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, role)
        );
    }

    function _salt(uint256 user) internal pure returns (bytes12) {
        return bytes12(keccak256(abi.encode("user", user)));
    }

    function _actor(string memory name) internal returns (address actor) {
        actor = vm.addr(uint256(keccak256(bytes(name))));
        vm.label(actor, name);
    }

    function _bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        uint256 size = high - low + 1;
        return size == 0 ? value : low + value % size;
    }
}
