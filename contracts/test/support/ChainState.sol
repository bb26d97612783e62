// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {StateProofLib} from "../../src/libraries/StateProofLib.sol";
import {TrieBuilder} from "./TrieBuilder.sol";
import {vm} from "./Vm.sol";

/// @dev State tries of a chain, over the accounts and slots of interest, read out of this very EVM; with proofs at
/// every snapshot. Everything else about the chain's state is left out, which changes the root but no proof's meaning.
contract ChainState {
    struct Word {
        bytes32 slot;
        bytes32 value;
    }

    address[] private accounts;
    mapping(address account => bytes32[]) private slots;
    mapping(address account => mapping(bytes32 slot => bool)) private isTracked;

    mapping(uint256 height => mapping(address account => Word[])) private words;
    mapping(uint256 height => address[]) private accountsAt;
    uint256 public height;

    constructor() {
        // Neighbours, so that paths are longer than one node.
        for (uint160 i = 1; i <= 24; ++i) {
            accounts.push(address(i << 64));
        }
    }

    function track(address account) public {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == account) return;
        }
        accounts.push(account);
    }

    function track(address account, bytes32 slot) external {
        track(account);
        if (isTracked[account][slot]) return;
        isTracked[account][slot] = true;
        slots[account].push(slot);
    }

    /// @dev The next block.
    function snapshot() external returns (uint256, bytes32) {
        ++height;
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            bytes32[] storage tracked = slots[account];
            accountsAt[height].push(account);
            for (uint256 j = 0; j < tracked.length; ++j) {
                bytes32 value = vm.load(account, tracked[j]);
                if (value != 0) words[height][account].push(Word(tracked[j], value));
            }
        }
        return (height, TrieBuilder.root(_accountEntries(height)));
    }

    function accountProof(uint256 at, address account) external view returns (bytes[] memory) {
        return TrieBuilder.prove(_accountEntries(at), StateProofLib.accountKey(account));
    }

    function storageProof(uint256 at, address account, bytes32 slot) external view returns (bytes[] memory) {
        return TrieBuilder.prove(_storageEntries(at, account), StateProofLib.slotKey(slot));
    }

    function _accountEntries(uint256 at) private view returns (TrieBuilder.Entry[] memory entries) {
        address[] storage all = accountsAt[at];
        entries = new TrieBuilder.Entry[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            entries[i].key = StateProofLib.accountKey(all[i]);
            entries[i].value = _encodeAccount(at, all[i]);
        }
    }

    function _encodeAccount(uint256 at, address account) private view returns (bytes memory) {
        bytes[] memory fields = new bytes[](4);
        fields[0] = RLP.encode(uint256(1));
        fields[1] = RLP.encode(account.balance);
        fields[2] = RLP.encode(bytes.concat(TrieBuilder.root(_storageEntries(at, account))));
        fields[3] = RLP.encode(bytes.concat(account.codehash));
        return RLP.encode(fields);
    }

    function _storageEntries(uint256 at, address account)
        private
        view
        returns (TrieBuilder.Entry[] memory entries)
    {
        Word[] storage all = words[at][account];
        entries = new TrieBuilder.Entry[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            entries[i].key = StateProofLib.slotKey(all[i].slot);
            entries[i].value = RLP.encode(uint256(all[i].value));
        }
    }
}
