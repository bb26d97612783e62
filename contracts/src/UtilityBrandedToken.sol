// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC20/ERC20Upgradeable.sol";
import {
    ERC20PermitUpgradeable
} from "@openzeppelin/contracts-upgradeable/token/ERC20/extensions/ERC20PermitUpgradeable.sol";
import {ITokenHolderFactory} from "./interfaces/ITokenHolderFactory.sol";
import {IUtilityBrandedToken} from "./interfaces/IUtilityBrandedToken.sol";
import {AccountLib} from "./libraries/AccountLib.sol";
import {HolderAddressLib} from "./libraries/HolderAddressLib.sol";
import {PackedBatchLib} from "./libraries/PackedBatchLib.sol";
import {SingleLegLib} from "./libraries/SingleLegLib.sol";
import {SkipListLib} from "./libraries/SkipListLib.sol";

/// @title Branded token of one economy: ERC-20 and ERC-2612, moved in packed batches by the economy's rules.
///
/// ROLES
/// The minter mints, and burns only what it owns. The rules contract applies batches. The holder factory marks
/// holders as self-custodied. All three are fixed when the clone is initialised; there is no owner and no upgrade.
///
/// TRUST
/// - The minter is trusted with the supply: the sandbox faucet, or the gateway of the chain pair.
/// - The rules contract can move the balance of addresses that this contract derives from a user's salt, and only
///   until the holder is marked. It can reach no other address, whatever it passes.
/// - The holder factory is trusted to mark a holder in the transaction that deploys it, and nobody else.
///
/// TOKEN
/// Standard in every respect: no fee, no hook, no block list; every movement emits `Transfer`. Sum of balances =
/// total supply <= 2^128 - 1, which is what makes the unchecked additions below safe.
///
/// LIVENESS
/// Transfers by holders and allowances never depend on operator, rules or minter.
contract UtilityBrandedToken is ERC20PermitUpgradeable, IUtilityBrandedToken {
    using HolderAddressLib for bytes;
    using SkipListLib for uint256[];

    /* CONSTANTS */

    uint8 private constant MAX_DECIMALS = 18;

    /// @dev keccak256(abi.encode(uint256(keccak256("ost-kit.storage.UtilityBrandedToken")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION =
        0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae00;

    /* IMMUTABLES */

    address private immutable HOLDER_FACTORY;
    bytes32 private immutable HOLDER_INIT_CODE_HASH;

    /* STORAGE */

    /// @custom:storage-location erc7201:ost-kit.storage.UtilityBrandedToken
    struct TokenStorage {
        uint256 totalSupply;
        address minter;
        address tokenRules;
        uint8 decimals;
    }

    /// @dev Where a batch stands: what is left to read, to move, and what was done.
    struct Batch {
        bytes preimage;
        uint256 position;
        uint256 end;
        uint256 perPayment;
        uint256 left;
        uint256 executed;
    }

    /* CONSTRUCTOR */

    /// @notice The code behind all tokens of a chain; itself it can never be initialised.
    constructor(ITokenHolderFactory factory) {
        HOLDER_FACTORY = address(factory);
        HOLDER_INIT_CODE_HASH = factory.INIT_CODE_HASH();
        _disableInitializers();
    }

    /// @inheritdoc IUtilityBrandedToken
    function initialize(
        string calldata name_,
        string calldata symbol_,
        uint8 decimals_,
        address minter_,
        address tokenRules_
    ) external initializer {
        require(decimals_ <= MAX_DECIMALS, TooManyDecimals(decimals_));
        __ERC20_init(name_, symbol_);
        __ERC20Permit_init(name_);
        TokenStorage storage $ = _tokenStorage();
        $.decimals = decimals_;
        $.minter = minter_;
        $.tokenRules = tokenRules_;
    }

    /* SUPPLY */

    /// @inheritdoc IUtilityBrandedToken
    function mint(address to, uint256 amount) external {
        _requireMinter();
        _mint(to, amount);
    }

    /// @inheritdoc IUtilityBrandedToken
    function burn(uint256 amount) external {
        _requireMinter();
        _burn(msg.sender, amount);
    }

    /* CUSTODY */

    /// @inheritdoc IUtilityBrandedToken
    function markSelfCustodied(address holder) external {
        require(msg.sender == HOLDER_FACTORY, OnlyHolderFactory(msg.sender));
        AccountLib.store(holder, AccountLib.load(holder) | AccountLib.SELF_CUSTODIED_FLAG);
    }

    /* BATCHES */

    /// @inheritdoc IUtilityBrandedToken
    function applyBatch(bytes calldata payments, uint256 perPayment, uint256 windowLeft)
        external
        returns (uint256 executed, uint256 moved, uint256[] memory skips)
    {
        require(msg.sender == _tokenStorage().tokenRules, OnlyTokenRules(msg.sender));
        (uint256 start, uint256 end) = PackedBatchLib.bounds(payments);
        Batch memory batch = Batch(_preimage(), start, end, perPayment, windowLeft, 0);
        skips = SkipListLib.create();
        _paySimple(batch);
        while (batch.position < end) {
            bytes4 reason = _payNext(batch, start);
            if (reason != 0) skips.push(batch.executed + skips.length, reason);
            _paySimple(batch);
        }
        return (batch.executed, windowLeft - batch.left, skips);
    }

    /* VIEWS */

    /// @inheritdoc IUtilityBrandedToken
    function balancesOf(address[] calldata holders) external view returns (uint256[] memory balances) {
        balances = new uint256[](holders.length);
        for (uint256 i = 0; i < holders.length; ++i) {
            balances[i] = balanceOf(holders[i]);
        }
    }

    /// @inheritdoc IUtilityBrandedToken
    function isSelfCustodied(address holder) external view returns (bool) {
        return AccountLib.load(holder) & AccountLib.SELF_CUSTODIED_FLAG != 0;
    }

    /// @inheritdoc IUtilityBrandedToken
    function maxSupply() public pure returns (uint256) {
        return AccountLib.BALANCE_MASK;
    }

    /// @inheritdoc IUtilityBrandedToken
    function minter() external view returns (address) {
        return _tokenStorage().minter;
    }

    /// @inheritdoc IUtilityBrandedToken
    function tokenRules() external view returns (address) {
        return _tokenStorage().tokenRules;
    }

    /// @inheritdoc IUtilityBrandedToken
    function holderFactory() external view returns (address) {
        return HOLDER_FACTORY;
    }

    /// @notice Places of the display unit.
    function decimals() public view override returns (uint8) {
        return _tokenStorage().decimals;
    }

    /// @notice Base units in existence.
    function totalSupply() public view override(ERC20Upgradeable, IERC20) returns (uint256) {
        return _tokenStorage().totalSupply;
    }

    /// @notice Base units of `holder`.
    function balanceOf(address holder) public view override(ERC20Upgradeable, IERC20) returns (uint256) {
        return AccountLib.load(holder) & AccountLib.BALANCE_MASK;
    }

    /* INTERNAL: BATCHES */

    /// @dev Makes the payments from here on that need no second look.
    function _paySimple(Batch memory batch) private {
        uint256 from = batch.position;
        (batch.position, batch.left) =
            SingleLegLib.payWhileSimple(batch.preimage, from, batch.end, batch.perPayment, batch.left);
        batch.executed += (batch.position - from) / SingleLegLib.PAYMENT_LENGTH;
    }

    /// @dev Makes the next payment, whatever it looks like, or gives the reason why not.
    function _payNext(Batch memory batch, uint256 start) private returns (bytes4 reason) {
        (uint256 legs, uint256 next) = PackedBatchLib.legsAt(batch.position, start, batch.end);
        address payer = batch.preimage.holderAt(batch.position);
        uint256 total;
        (total, reason) = _sumLegs(legs, next);
        if (reason == 0) reason = _reasonAgainst(batch, payer, total);
        if (reason == 0) {
            // First the debit, so that a leg to the payer itself adds to the debited balance.
            AccountLib.debit(payer, total);
            _payLegs(payer, legs, next);
            batch.left -= total;
            ++batch.executed;
        }
        batch.position = next;
    }

    /// @dev Sum of the legs in [legs, end), or the reason of the first leg that cannot be made.
    function _sumLegs(uint256 legs, uint256 end) private view returns (uint256 total, bytes4 reason) {
        while (legs < end) {
            address recipient;
            uint256 amount;
            (recipient, amount, legs) = PackedBatchLib.legAt(legs);
            if (recipient == address(0) || recipient == address(this)) return (0, InvalidRecipient.selector);
            if (amount == 0) return (0, ZeroAmount.selector);
            // No overflow: at most 255 amounts below 2^96.
            unchecked {
                total += amount;
            }
        }
    }

    /// @dev Why `payer` cannot pay `total` now; zero if it can.
    function _reasonAgainst(Batch memory batch, address payer, uint256 total) private view returns (bytes4) {
        if (total > batch.perPayment) return ItemCapExceeded.selector;
        uint256 account = AccountLib.load(payer);
        if (account & AccountLib.SELF_CUSTODIED_FLAG != 0) return SelfCustodied.selector;
        if (account < total) return InsufficientBalance.selector;
        if (total > batch.left) return WindowCapExceeded.selector;
        return 0;
    }

    /// @dev Credits the legs in [legs, end); their sum was debited before, which {AccountLib-credit} relies on.
    function _payLegs(address payer, uint256 legs, uint256 end) private {
        while (legs < end) {
            address recipient;
            uint256 amount;
            (recipient, amount, legs) = PackedBatchLib.legAt(legs);
            AccountLib.credit(recipient, amount);
            emit Transfer(payer, recipient, amount);
        }
    }

    function _preimage() private view returns (bytes memory) {
        return HolderAddressLib.preimageOf(HOLDER_FACTORY, address(this), HOLDER_INIT_CODE_HASH);
    }

    /* INTERNAL: ACCOUNTS */

    /// @dev OpenZeppelin's bookkeeping of ERC-20 on packed accounts; the zero address mints and burns. The credit
    /// keeps below 2^128, as the value was added to the supply or taken from a balance before.
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) _increaseSupply(value);
        else _debit(from, value);
        if (to == address(0)) _decreaseSupply(value);
        else AccountLib.credit(to, value);
        emit Transfer(from, to, value);
    }

    function _debit(address holder, uint256 value) private {
        uint256 balance = balanceOf(holder);
        require(balance >= value, ERC20InsufficientBalance(holder, balance, value));
        AccountLib.debit(holder, value);
    }

    function _increaseSupply(uint256 value) private {
        TokenStorage storage $ = _tokenStorage();
        uint256 supply = $.totalSupply;
        require(value <= maxSupply() - supply, MaxSupplyExceeded(supply, maxSupply()));
        $.totalSupply = supply + value;
    }

    function _decreaseSupply(uint256 value) private {
        // No underflow: the value was debited from a balance, and no balance is above the supply.
        unchecked {
            _tokenStorage().totalSupply -= value;
        }
    }

    function _requireMinter() private view {
        require(msg.sender == _tokenStorage().minter, OnlyMinter(msg.sender));
    }

    function _tokenStorage() private pure returns (TokenStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE_LOCATION
        }
    }
}
