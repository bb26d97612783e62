/** `created_at.gte` → `createdAtGte`. */
export function camelCase(name: string): string {
  return name.replaceAll(/[_.]+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase())
}

/** `transaction_type` → `TransactionType`. */
export function pascalCase(name: string): string {
  const camel = camelCase(name)
  return camel.charAt(0).toUpperCase() + camel.slice(1)
}

/** `listTokenRules` → `tokenRules`, `getUser` → `user`: a query is called by what it gives. */
export function queryName(operationId: string): string {
  const name = operationId.replace(/^(get|list)(?=[A-Z])/, '')
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** A value of an enum as GraphQL can write it: `transaction.confirmed` → `transaction_confirmed`. */
export function enumName(value: string): string {
  return value.replaceAll(/\W/g, '_')
}
