import { tokenRules } from './generated/token-rules.ts'

/** The interface of an economy's rule contract, as Solidity's compiler describes it. */
export const tokenRulesAbi: readonly unknown[] = tokenRules.abi
