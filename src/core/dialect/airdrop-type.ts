/** Name of the type by which a dialect's airdrops are paid. The dialects do not list it. */
export const AIRDROP_TYPE_NAME = 'OST airdrop'
