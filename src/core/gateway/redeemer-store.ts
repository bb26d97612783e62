/** The address of an economy that redeems for its managed wallets. Id of its user, wallet and account. */
export interface Redeemer {
  id: string
  /** Lower-case hex with 0x. */
  address: string
}

export interface NewRedeemer extends Redeemer {
  economyId: string
  /** 12 bytes; a wallet has one, though nothing is ever deployed by this. */
  salt: Uint8Array
  /** Sealed: the API never reads it back. */
  keyJwe: string
  /** Lets the co-gateway take all it will ever have. */
  allowanceSignature: string
}

/** Port: the economies' redeemers. */
export interface RedeemerStore {
  find(economyId: string): Promise<Redeemer | null>
  /** With its user, its wallet, which is nobody's to manage, and its account. */
  insert(redeemer: NewRedeemer, at: Date): Promise<void>
}
