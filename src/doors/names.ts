/** How the name of a user is written: directories do not tell `Ann` from `ann`, so neither does the farm. */
import { invalid } from '../errors.ts'

const LONGEST = 128

/** The one form of a name that somebody typed. */
export const userName = (typed: string): string => typed.normalize('NFKC').trim().toLowerCase()

/** Spaces in a row, and those that are none to the eye, would make two people of one. */
const isName = (name: string): boolean =>
  name.length > 0 && name.length <= LONGEST && !/[\p{C}\p{Zl}\p{Zp}]|\s{2}/u.test(name)

/** For sign-in: undefined is nobody's name. */
export function knownForm(typed: string): string | undefined {
  const name = userName(typed)
  return isName(name) ? name : undefined
}

/** For who makes a user: says what is wrong. */
export function newName(typed: string, field = 'name'): string {
  const name = knownForm(typed)
  if (name !== undefined) return name
  throw invalid(
    field,
    `'${typed.slice(0, 80).toWellFormed()}' cannot be the name of a user: write 1 to ${LONGEST} characters, without control characters and without spaces in a row.`,
  )
}
