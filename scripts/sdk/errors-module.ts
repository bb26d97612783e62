import { pascalCase } from './operations.ts'
import { comment } from './types-module.ts'

/** The module of the SDK's errors: a class per code of the API. */
export function errorsModule(errors: Readonly<Record<string, { title: string; status: number }>>): string {
  const codes = Object.entries(errors).map(([code, error]) => ({ code, name: pascalCase(code), ...error }))
  const classes = codes.map(
    ({ name, title, status, code }) =>
      `${comment(`${title}: HTTP ${status}, \`${code}\`.`, '')}export class ${name} extends ApiError {}\n`,
  )
  return `import { ApiError } from '../api-error.ts'

${classes.join('\n')}
/** The class of each code. */
export const ERROR_CLASSES = {
${codes.map(({ code, name }) => `  ${code}: ${name},\n`).join('')}}

/** Every code that the API had when this version was made. */
export type ErrorCode = keyof typeof ERROR_CLASSES
`
}
