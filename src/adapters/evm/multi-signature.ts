import { AbiCoder, computeAddress, keccak256, type SigningKey } from 'ethers'

/** Signatures of several keys in the rising order of their signers' hashes. @see MultiSignerERC7913 of OpenZeppelin */
export function multiSignature(digest: string, keys: readonly SigningKey[]): string {
  const signed = keys
    .map((key) => {
      const signer = computeAddress(key)
      return { signer, order: BigInt(keccak256(signer)), signature: key.sign(digest).serialized }
    })
    .toSorted((left, right) => (left.order < right.order ? -1 : 1))
  return AbiCoder.defaultAbiCoder().encode(
    ['bytes[]', 'bytes[]'],
    [signed.map(({ signer }) => signer), signed.map(({ signature }) => signature)],
  )
}
