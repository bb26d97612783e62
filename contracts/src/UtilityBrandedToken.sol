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

    /// @dev An account is one word: the balance in the low 128 bits, the custody flag in the highest bit.
    uint256 private constant BALANCE_MASK = type(uint128).max;
    uint256 private constant SELF_CUSTODIED_FLAG = 1 << 255;

    /// @dev keccak256(abi.encode(uint256(keccak256("ost-kit.storage.UtilityBrandedToken")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE_LOCATION =
        0xe30df758453d03e529094ece1757505c73151e02395b546ad9d7e2bd40d0ae00;

    /* IMMUTABLES */

    address private immutable HOLDER_FACTORY;
    bytes32 private immutable HOLDER_INIT_CODE_HASH;

    /* STORAGE */

    /// @custom:storage-location erc7201:ost-kit.storage.UtilityBrandedToken
    struct TokenStorage {
        mapping(address holder => uint256) accounts;
        uint256 totalSupply;
        address minter;
        address tokenRules;
        uint8 decimals;
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
        _tokenStorage().accounts[holder] |= SELF_CUSTODIED_FLAG;
    }

    /* BATCHES */

    /// @inheritdoc IUtilityBrandedToken
    function applyBatch(bytes calldata payments, uint256 perPayment, uint256 windowLeft)
        external
        returns (uint256 executed, uint256 moved, uint256[] memory skips)
    {
        require(msg.sender == _tokenStorage().tokenRules, OnlyTokenRules(msg.sender));
        bytes memory preimage =
            HolderAddressLib.preimageOf(HOLDER_FACTORY, address(this), HOLDER_INIT_CODE_HASH);
        skips = SkipListLib.create();
        (uint256 start, uint256 end) = PackedBatchLib.bounds(payments);
        uint256 left = windowLeft;
        uint256 position = start;
        while (true) {
            uint256 stop;
            (stop, left) = SingleLegLib.payWhileSimple(preimage, position, end, perPayment, left);
            executed += (stop - position) / SingleLegLib.PAYMENT_LENGTH;
            position = stop;
            if (position == end) break;
            (uint256 legs, uint256 next) = PackedBatchLib.legsAt(position, start, end);
            address payer = preimage.holderAt(position);
            // No overflow: `moved` <= `windowLeft` always, and both counters are below the bytes of calldata.
            unchecked {
                (uint256 total, bytes4 reason) = _pay(payer, legs, next, perPayment, left);
                if (reason == 0) {
                    ++executed;
                    left -= total;
                } else {
                    skips.push(executed + skips.length, reason);
                }
            }
            position = next;
        }
        moved = windowLeft - left;
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
        return _tokenStorage().accounts[holder] & SELF_CUSTODIED_FLAG != 0;
    }

    /// @inheritdoc IUtilityBrandedToken
    function maxSupply() external pure returns (uint256) {
        return BALANCE_MASK;
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
        return _tokenStorage().accounts[holder] & BALANCE_MASK;
    }

    /* INTERNAL: BATCHES */

    /// @dev Makes one payment, or gives the reason why not. All reads come before the first write, so a payment
    /// that is skipped has changed nothing.
    function _pay(address payer, uint256 legs, uint256 end, uint256 perPayment, uint256 windowLeft)
        private
        returns (uint256 total, bytes4 reason)
    {
        (total, reason) = _sumLegs(legs, end);
        if (reason != 0) return (0, reason);
        if (total > perPayment) return (0, ItemCapExceeded.selector);
        uint256 slot = AccountLib.slotOf(payer);
        uint256 account = AccountLib.load(slot);
        if (account & SELF_CUSTODIED_FLAG != 0) return (0, SelfCustodied.selector);
        if (account < total) return (0, InsufficientBalance.selector);
        if (total > windowLeft) return (0, WindowCapExceeded.selector);
        // No underflow: the flag is clear, so the word is the balance, and it covers the total.
        unchecked {
            AccountLib.store(slot, account - total);
        }
        _payLegs(payer, legs, end);
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

    /// @dev Credits the legs in [legs, end). The payer was debited their sum before, so that a leg to the payer
    /// itself adds to the debited balance.
    function _payLegs(address payer, uint256 legs, uint256 end) private {
        while (legs < end) {
            address recipient;
            uint256 amount;
            (recipient, amount, legs) = PackedBatchLib.legAt(legs);
            // No carry into the flag: balance + amount <= total supply < 2^128, as the amount was debited before.
            unchecked {
                uint256 slot = AccountLib.slotOf(recipient);
                AccountLib.store(slot, AccountLib.load(slot) + amount);
            }
            AccountLib.emitTransfer(payer, recipient, amount);
        }
    }

    /* INTERNAL: ACCOUNTS */

    /// @dev OpenZeppelin's bookkeeping of ERC-20 on packed accounts; the zero address mints and burns.
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) _increaseSupply(value);
        else _debit(from, value);
        if (to == address(0)) _decreaseSupply(value);
        else _credit(to, value);
        emit Transfer(from, to, value);
    }

    function _debit(address holder, uint256 value) private {
        TokenStorage storage $ = _tokenStorage();
        uint256 balance = $.accounts[holder] & BALANCE_MASK;
        require(balance >= value, ERC20InsufficientBalance(holder, balance, value));
        // No borrow from the flag: the low 128 bits cover the value.
        unchecked {
            $.accounts[holder] -= value;
        }
    }

    function _credit(address holder, uint256 value) private {
        // No carry into the flag: balance + value <= total supply < 2^128.
        unchecked {
            _tokenStorage().accounts[holder] += value;
        }
    }

    function _increaseSupply(uint256 value) private {
        TokenStorage storage $ = _tokenStorage();
        uint256 supply = $.totalSupply;
        require(value <= BALANCE_MASK - supply, MaxSupplyExceeded(supply, BALANCE_MASK));
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
