// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {Anchor} from "../../src/Anchor.sol";
import {ChainHaltExit} from "../../src/ChainHaltExit.sol";
import {CoGateway} from "../../src/CoGateway.sol";
import {Gateway} from "../../src/Gateway.sol";
import {MessageGateway} from "../../src/MessageGateway.sol";
import {UtilityBrandedToken} from "../../src/UtilityBrandedToken.sol";
import {ValueToken} from "../../src/ValueToken.sol";
import {IEconomyFactory} from "../../src/interfaces/IEconomyFactory.sol";
import {EconomyTerms} from "../../src/libraries/EconomyTermsLib.sol";
import {Intent} from "../../src/libraries/IntentLib.sol";
import {MessageBusLib, MessageStatus} from "../../src/libraries/MessageBusLib.sol";
import {BaseTest} from "./BaseTest.sol";
import {ChainState} from "./ChainState.sol";
import {SignerKeys} from "./SignerKeys.sol";
import {vm} from "./Vm.sol";

/// @dev A chain pair in one EVM: which chain a call is on is told by `vm.chainId`, and what one chain knows of the
/// other is proven, against roots that are built from the storage it really has.
abstract contract ProtocolTest is BaseTest {
    uint256 internal constant VALUE_CHAIN = 1;
    uint256 internal constant UTILITY_CHAIN = 1414;
    uint256 internal constant HALT_AFTER = 14 days;
    uint256 internal constant RING_SIZE = 20;

    /// @dev 1 OST = 100 BT, with rate decimals to be divided away.
    uint96 internal constant RATE = 10_000;
    uint8 internal constant RATE_DECIMALS = 2;

    uint256 internal constant BOUNTY = 2e18;
    uint256 internal constant FEE = 1e18;
    bytes32 internal constant SECRET = keccak256("secret");

    address internal staker = _actor("staker");
    address internal facilitator = _actor("facilitator");
    address internal guardian = _actor("guardian");
    address internal registrar = _actor("registrar");
    address internal pauser = _actor("pauser");

    ValueToken internal ost;
    Anchor internal utilityRoots;
    Anchor internal valueRoots;
    Gateway internal gateway;
    CoGateway internal coGateway;
    ChainHaltExit internal exit;
    ChainState internal valueState;
    ChainState internal utilityState;
    UtilityBrandedToken internal backed;
    EconomyTerms internal terms;
    bytes32 internal economy;
    uint64 private salt;

    function setUp() public virtual override {
        super.setUp();
        valueState = new ChainState();
        utilityState = new ChainState();
        _deployPair();
        _createBackedEconomy(18);
        _grantOst(staker, 1_000_000e18);
        vm.prank(staker);
        ost.approve(address(gateway), type(uint256).max);
    }

    /* CHAINS */

    function _onValueChain() internal {
        vm.chainId(VALUE_CHAIN);
    }

    function _onUtilityChain() internal {
        vm.chainId(UTILITY_CHAIN);
    }

    /// @dev The value chain learns the utility chain's state, and the storage of the gateway there.
    function _anchorUtility() internal returns (uint256 height) {
        bytes32 root;
        (height, root) = utilityState.snapshot();
        _onValueChain();
        utilityRoots.anchor(height, root, SignerKeys.sign(utilityRoots.anchorDigest(height, root), 2));
        bytes[] memory proof = utilityState.accountProof(height, address(coGateway));
        gateway.proveGateway(height, proof);
    }

    function _anchorValue() internal returns (uint256 height) {
        bytes32 root;
        (height, root) = valueState.snapshot();
        _onUtilityChain();
        valueRoots.anchor(height, root, SignerKeys.sign(valueRoots.anchorDigest(height, root), 2));
        bytes[] memory proof = valueState.accountProof(height, address(gateway));
        coGateway.proveGateway(height, proof);
    }

    /* MESSAGES */

    function _stakeIntent(uint256 amount) internal returns (Intent memory intent) {
        intent = Intent({
            economyId: economy,
            sender: staker,
            beneficiary: company,
            amount: amount,
            bounty: BOUNTY,
            fee: FEE,
            nonce: uint256(++salt) << 64,
            hashLock: keccak256(abi.encode(SECRET)),
            deadline: START + 365 days
        });
    }

    function _redeemIntent(address sender, uint256 amount) internal returns (Intent memory intent) {
        intent = _stakeIntent(amount);
        (intent.sender, intent.beneficiary, intent.fee) = (sender, bob, 1e15);
    }

    function _stake(Intent memory intent) internal returns (bytes32 message) {
        _onValueChain();
        vm.prank(intent.sender);
        message = gateway.stake(intent);
        _track(message);
    }

    function _redeem(Intent memory intent) internal returns (bytes32 message) {
        _onUtilityChain();
        vm.startPrank(intent.sender);
        backed.approve(address(coGateway), type(uint256).max);
        message = coGateway.redeem(intent);
        vm.stopPrank();
        _track(message);
    }

    function _confirmStake(Intent memory intent, bytes32 message) internal {
        uint256 height = _anchorValue();
        bytes[] memory proof = _outboxProofOfValue(height, message);
        coGateway.confirmStake(intent, height, proof);
    }

    function _confirmRedeem(Intent memory intent, bytes32 message) internal {
        uint256 height = _anchorUtility();
        bytes[] memory proof = _outboxProofOfUtility(height, message);
        gateway.confirmRedeem(intent, height, proof);
    }

    function _mint(Intent memory intent) internal {
        _onUtilityChain();
        vm.prank(facilitator);
        coGateway.progressMint(intent, SECRET);
    }

    function _finishStake(Intent memory intent) internal {
        _onValueChain();
        vm.prank(facilitator);
        gateway.progressStake(intent, SECRET);
    }

    /// @dev A stake from end to end; the company has its tokens afterwards.
    function _stakeAndMint(uint256 amount) internal returns (Intent memory intent) {
        intent = _stakeIntent(amount);
        bytes32 message = _stake(intent);
        _confirmStake(intent, message);
        _mint(intent);
        _finishStake(intent);
    }

    function _outboxProofOfValue(uint256 height, bytes32 message) internal view returns (bytes[] memory) {
        return valueState.storageProof(height, address(gateway), MessageBusLib.outboxSlot(message));
    }

    function _inboxProofOfValue(uint256 height, bytes32 message) internal view returns (bytes[] memory) {
        return valueState.storageProof(height, address(gateway), MessageBusLib.inboxSlot(message));
    }

    function _outboxProofOfUtility(uint256 height, bytes32 message) internal view returns (bytes[] memory) {
        return utilityState.storageProof(height, address(coGateway), MessageBusLib.outboxSlot(message));
    }

    function _inboxProofOfUtility(uint256 height, bytes32 message) internal view returns (bytes[] memory) {
        return utilityState.storageProof(height, address(coGateway), MessageBusLib.inboxSlot(message));
    }

    function _track(bytes32 message) internal {
        valueState.track(address(gateway), MessageBusLib.outboxSlot(message));
        valueState.track(address(gateway), MessageBusLib.inboxSlot(message));
        utilityState.track(address(coGateway), MessageBusLib.outboxSlot(message));
        utilityState.track(address(coGateway), MessageBusLib.inboxSlot(message));
    }

    function _grantOst(address to, uint256 amount) internal {
        _onValueChain();
        vm.prank(granter);
        ost.grant(to, amount);
    }

    /* ARRANGEMENT */

    function _deployPair() private {
        _onValueChain();
        ost = ValueToken(_new("ValueToken.sol", abi.encode(platformOwner, "OST", "OST", 10_000_000e18)));
        utilityRoots = Anchor(_new("Anchor.sol", _anchorArguments(UTILITY_CHAIN)));
        address at = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        _onUtilityChain();
        valueRoots = Anchor(_new("Anchor.sol", _anchorArguments(VALUE_CHAIN)));
        address coAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        _onValueChain();
        bytes memory arguments =
            abi.encode(MessageGateway.Setup(platformOwner, coAt, utilityRoots), HALT_AFTER);
        gateway = Gateway(_new("Gateway.sol", arguments));
        vm.assertEq(address(gateway), at, "address of the gateway");
        _onUtilityChain();
        arguments = abi.encode(MessageGateway.Setup(platformOwner, at, valueRoots));
        coGateway = CoGateway(_new("CoGateway.sol", arguments));
        vm.assertEq(address(coGateway), coAt, "address of the co-gateway");
        exit = gateway.EXIT();
        _appoint();
    }

    function _appoint() private {
        vm.startPrank(platformOwner);
        ost.grantRole(ost.FAUCET_ROLE(), granter);
        gateway.grantRole(gateway.REGISTRAR_ROLE(), registrar);
        coGateway.grantRole(coGateway.REGISTRAR_ROLE(), registrar);
        gateway.grantRole(gateway.PAUSER_ROLE(), pauser);
        coGateway.grantRole(coGateway.PAUSER_ROLE(), pauser);
        economyFactory.setMinter(address(coGateway), true);
        vm.stopPrank();
    }

    /// @dev The first root is of a block before the gateways.
    function _anchorArguments(uint256 chain) private returns (bytes memory) {
        (uint256 height, bytes32 root) =
            chain == VALUE_CHAIN ? valueState.snapshot() : utilityState.snapshot();
        return
            abi.encode(
                chain, uint128(height), root, RING_SIZE, _delay(), guardian, SignerKeys.all(), uint64(2)
            );
    }

    function _delay() internal view virtual returns (uint256) {
        return 0;
    }

    function _createBackedEconomy(uint8 decimals) internal {
        _onUtilityChain();
        IEconomyFactory.EconomyParams memory params =
            _economyParams(keccak256(abi.encode("backed", decimals)));
        (params.minter, params.decimals) = (address(coGateway), decimals);
        vm.prank(deployer);
        (address token_,) = economyFactory.createEconomy(params);
        backed = UtilityBrandedToken(token_);
        terms = EconomyTerms({
            valueToken: address(ost),
            valueDecimals: 18,
            utilityDecimals: decimals,
            rateDecimals: RATE_DECIMALS,
            utilityToken: token_,
            rate: RATE,
            holderFactory: address(holderFactory),
            holderInitCodeHash: holderFactory.INIT_CODE_HASH()
        });
        vm.startPrank(registrar);
        economy = coGateway.registerEconomy(terms, type(uint128).max, 1 days);
        _onValueChain();
        gateway.registerEconomy(terms);
        vm.stopPrank();
    }

    function _new(string memory artifact, bytes memory arguments) internal returns (address) {
        return vm.deployCode(artifact, arguments);
    }

    /// @dev The next call must find the message in `status` here, and refuse because of it.
    function _expectStatus(bytes32 message, MessageStatus status) internal {
        vm.expectRevert(abi.encodeWithSelector(MessageBusLib.UnexpectedStatus.selector, message, status));
    }

    /// @dev The next call must be shown the message in `status` at the other end, and refuse because of it.
    function _expectRemoteStatus(bytes32 message, MessageStatus status) internal {
        vm.expectRevert(
            abi.encodeWithSelector(MessageBusLib.UnexpectedRemoteStatus.selector, message, status)
        );
    }
}
