import type { Page, PageRequest } from '../shared/page.ts'
import type { GatewayMessage, MessageKind } from './message.ts'

/** Port: the tenant's messages as the API sees them. Their secrets go in sealed and never come out here. */
export interface MessageStore {
  insert(message: GatewayMessage, secretJwe: string): Promise<void>
  find(economyId: string, kind: MessageKind, id: string): Promise<GatewayMessage | null>
  /** The one whose tokens this transaction moves. */
  findByTransaction(economyId: string, transactionId: string): Promise<GatewayMessage | null>
  list(economyId: string, kind: MessageKind, page: PageRequest): Promise<Page<GatewayMessage>>
  /** The signatures are in: `signed`, and due to be looked at. False unless it was waiting for them. */
  sign(
    economyId: string,
    id: string,
    signed: { signature: string; permitSignature: string | null },
    at: Date,
  ): Promise<boolean>
  /** Its sender sent it themselves: due to be looked at, and looked at more often. False unless it was waiting for that. */
  noteSent(economyId: string, id: string, txHash: string, at: Date): Promise<boolean>
}
