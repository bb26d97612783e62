import { AbiCoder, keccak256, ZeroHash } from 'ethers'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import {
  BOX_STATUSES,
  type BlockTag,
  type Box,
  type BoxStatus,
  type GatewayReader,
} from '#core/gateway/gateway-reader.ts'
import { bytesToHex, toQuantity } from './bytes.ts'
import { anchor } from './generated/anchor.ts'
import { coGateway } from './generated/co-gateway.ts'
import { gateway } from './generated/gateway.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { asList, asRecord, asText, quantityToBigInt } from './read-json.ts'
import { decodeRevertReason } from './revert-reason.ts'
import type { RpcCall, RpcClient } from './rpc-client.ts'
import { answered, RpcRefused } from './rpc-errors.ts'

/** ERC-7201 slot of the statuses a gateway has as a source; those it has as a target stand at the next (MessageBusLib). */
const OUTBOX_POSITION = 0x5eb57fad46a4749152fcdff9521eec18af57966a2954657c58db9cf4b531ff00n
const WORD_ZERO = '0x'.padEnd(66, '0')

type Rpc = Pick<RpcClient, 'batch'>

/** Gateways and anchors over JSON-RPC. @param clientOf Throws RangeError for a chain that is not configured. */
export function createGatewayReader(clientOf: (chainId: number) => Rpc): GatewayReader {
  const view = async (chainId: number, to: string, data: string, block: BlockTag = 'latest') => {
    const [answer] = await clientOf(chainId).batch([callAt(to, data, block)])
    return asText(answered(answer))
  }

  return {
    async statuses({ chainId, gateway: address, box, messageHash }, blocks) {
      const data = gateway.encodeCall(box === 'outbox' ? 'outboxStatus' : 'inboxStatus', messageHash)
      const answers = await clientOf(chainId).batch(blocks.map((block) => callAt(address, data, block)))
      return answers.map((answer, index) => readStatus(answer, blocks[index] ?? 'latest'))
    },

    async rootHeight(chainId, address) {
      const [height] = anchor.decodeResult(
        'latest',
        await view(chainId, address, anchor.encodeCall('latest')),
      )
      return Number(height)
    },

    async anchorState(chainId, address) {
      const answers = await clientOf(chainId).batch([
        callAt(address, anchor.encodeCall('lastHeight'), 'latest'),
        callAt(address, anchor.encodeCall('latest'), 'latest'),
        callAt(address, anchor.encodeCall('threshold'), 'latest'),
        callAt(address, anchor.encodeCall('getSigners', 0n, SIGNERS_MAX), 'latest'),
      ])
      const [last, latest, threshold, signers] = answers.map((answer) => asText(answered(answer)))
      const decodedSigners: unknown = anchor.decodeResult('getSigners', signers ?? '0x')
      return {
        lastHeight: Number(anchor.decodeResult('lastHeight', last ?? '0x')),
        finalHeight: Number(anchor.decodeResult('latest', latest ?? '0x')[0]),
        threshold: Number(anchor.decodeResult('threshold', threshold ?? '0x')),
        signers: [...(decodedSigners as Iterable<string>)].map((signer) => signer.toLowerCase()),
      }
    },

    async stateRoot(chainId, { number, hash }) {
      const [answer] = await clientOf(chainId).batch([
        { method: 'eth_getBlockByNumber', params: [toQuantity(number), false] },
      ])
      const block = answered(answer)
      if (block === null || asRecord(block)['hash'] !== hash) return null
      return asText(asRecord(block)['stateRoot'])
    },

    async prove({ chainId, gateway: address, box, messageHash }, height, other) {
      const slot = statusSlot(messageHash, box)
      const [[proof], provenRoot] = await Promise.all([
        clientOf(chainId).batch([{ method: 'eth_getProof', params: [address, [slot], toQuantity(height)] }]),
        view(other.chainId, other.gateway, gateway.encodeCall('provenStorageRoot', BigInt(height))),
      ])
      if (proof instanceof RpcRefused) return null
      const { accountProof, storageProof } = asRecord(proof)
      const [entry] = asList(storageProof)
      return {
        height,
        account: provenRoot === WORD_ZERO ? asList(accountProof).map(asText) : null,
        storage: asList(asRecord(entry)['proof']).map(asText),
      }
    },

    async isHalted(chainId, address, block) {
      const answer = await view(chainId, address, gateway.encodeCall('haltedAt'), block)
      const [, stateRoot] = gateway.decodeResult('haltedAt', answer)
      return stateRoot !== ZeroHash
    },

    async mintable(chainId, address, termsId) {
      return coGateway.decodeResult(
        'mintable',
        await view(chainId, address, coGateway.encodeCall('mintable', termsId)),
      )
    },

    async allowance(chainId, token, owner, spender) {
      return utilityBrandedToken.decodeResult(
        'allowance',
        await view(chainId, token, utilityBrandedToken.encodeCall('allowance', owner, spender)),
      )
    },

    async estimate(chainId, from, { to, calldata }) {
      const [answer] = await clientOf(chainId).batch([
        { method: 'eth_estimateGas', params: [{ from, to, data: bytesToHex(calldata) }] },
      ])
      if (answer instanceof RpcRefused) return { refusal: decodeRevertReason(answer.data) ?? answer.message }
      return { gas: quantityToBigInt(answer) }
    },

    async vault(chainId, address, termsId, block) {
      const [answer] = await clientOf(chainId).batch([
        callAt(address, gateway.encodeCall('vault', termsId), block),
      ])
      if (answer instanceof RpcRefused) return null
      const [staked, inFlight] = gateway.decodeResult('vault', asText(answer))
      return { staked, inFlight }
    },

    async supply(chainId, token, block) {
      const [answer] = await clientOf(chainId).batch([
        callAt(token, utilityBrandedToken.encodeCall('totalSupply'), block),
      ])
      if (answer instanceof RpcRefused) return null
      const result = asText(answer)
      return result === '0x' ? 0n : BigInt(result)
    },
  }
}

/** More than any anchor has. */
const SIGNERS_MAX = 1_000n

function callAt(to: string, data: string, block: BlockTag): RpcCall {
  return { method: 'eth_call', params: [{ to, data }, block === 'latest' ? block : toQuantity(block)] }
}

/** A node that no longer has an old block's state refuses; one that refuses its newest block cannot serve us. */
function readStatus(answer: unknown, block: BlockTag): BoxStatus | null {
  if (answer instanceof RpcRefused && block !== 'latest') return null
  const text = asText(answered(answer))
  // Nothing stood there then.
  if (text === '0x') return 'undeclared'
  const status = BOX_STATUSES[Number(BigInt(text))]
  if (status === undefined) throw new ChainUnavailable(`a gateway answered with the status ${text}`)
  return status
}

function statusSlot(messageHash: string, box: Box): string {
  const position = box === 'outbox' ? OUTBOX_POSITION : OUTBOX_POSITION + 1n
  return keccak256(AbiCoder.defaultAbiCoder().encode(['bytes32', 'uint256'], [messageHash, position]))
}
