/** The header by which a key of the whole tenant names an economy. */
export const ECONOMY_HEADER = 'ost-economy'
