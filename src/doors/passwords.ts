/** Passwords: argon2id, as OWASP recommends it at the least (19 MiB, 2 passes): 20 to 40 ms of a core for each look. */
import { FarmError, invalid } from '../errors.ts'

const ARGON = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
/** NIST SP 800-63B: length is what counts, and rules about signs make passwords worse. */
const SHORTEST = 8
/** Hashing a megabyte is work that anybody could ask for. */
const LONGEST = 1024
/** At a time; each takes 19 MiB and a core. */
const AT_ONCE = 2
/** What waits for its turn is some seconds of work at most. */
const MOST_WAITING = 200

/** The same letters can come in two forms, by the keyboard of the day. */
const written = (password: string): string => password.normalize('NFC')

export function refuseWeak(password: string, field = 'password'): void {
  if (password.length < SHORTEST)
    throw invalid(field, `The password has ${password.length} characters: write ${SHORTEST} or more.`)
  if (password.length > LONGEST) throw invalid(field, `The password is too long: write ${LONGEST} characters or fewer.`)
}

let running = 0
const waiting: (() => void)[] = []

/** Signing in is refused before it takes the memory and the cores of a server that schedules a farm. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MOST_WAITING)
      throw new FarmError('unavailable', 'Too many people sign in at this moment: try again in some seconds.')
    await new Promise<void>((go) => waiting.push(go))
  } else running++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}

export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => Bun.password.hash(written(password), ARGON))

/** The hash of nothing that anybody knows: who has no password here is looked at for as long as one who has. */
let decoy: Promise<string> | undefined

/** `hash` is empty for a name that nobody has: the answer is no, and takes as long. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  if (password.length > LONGEST) return false
  decoy ??= hashPassword(crypto.randomUUID())
  const against = hash || (await decoy)
  const fits = await inTurn(() => Bun.password.verify(written(password), against))
  return fits && hash !== ''
}
