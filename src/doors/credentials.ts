/** Whose a token or a session is: asked with each request, so it is answered from memory, and at once otherwise. */
import { type People, RIGHTS, type Right, ROLES, type User } from './actor.ts'
import type { Holder, PeopleRows } from './peopleRows.ts'
import { Recent } from './recent.ts'
import { hashOf, isSession, isToken } from './secrets.ts'

interface Known {
  user: User
  /** Seconds since the epoch; 0: never. */
  expires: number
  /** The token's id; a session has none. */
  token?: { id: number; lastUsed: number }
}

/** Of those who were here last. A look into the database costs 10 µs, so a farm with more does not notice. */
const MOST_KNOWN = 10_000
/** `last_used` is a help for a person who tidies up, and not worth a write for each request. */
const USED_EVERY_SECONDS = 60
/**
 * Who signs in elsewhere can have left the studio, and the farm is not told: without a sign-in for so long their tokens
 * rest, until they sign in again.
 */
export const ELSEWHERE_SECONDS = 30 * 86_400

export class Credentials implements People {
  #known = new Recent<string, Known>(MOST_KNOWN)

  constructor(
    private readonly rows: PeopleRows,
    private readonly noteUse: (token: number, now: number) => void,
  ) {}

  /** A bearer token goes before a cookie: who sends one says who he is. A wrong one is nobody, whatever else was sent. */
  identify({ token, session }: { token?: string; session?: string }, now: number): User | undefined {
    if (token !== undefined) return isToken(token) ? this.#look(hashOf(token), true, now) : undefined
    return session !== undefined && isSession(session) ? this.#look(hashOf(session), false, now) : undefined
  }

  /** After each change of people, tokens and sessions: revoked is revoked with the answer. */
  forget(): void {
    this.#known.clear()
  }

  #look(hash: string, isToken: boolean, now: number): User | undefined {
    const known = this.#known.get(hash) ?? this.#load(hash, isToken, now)
    if (!known || (known.expires > 0 && known.expires <= now)) return undefined
    const { token } = known
    if (token && token.lastUsed + USED_EVERY_SECONDS <= now) {
      token.lastUsed = now
      this.noteUse(token.id, now)
    }
    return known.user
  }

  /** What is nobody's is not remembered: there is no end of it. */
  #load(hash: string, isToken: boolean, now: number): Known | undefined {
    const known = isToken ? this.#token(hash) : this.#session(hash)
    if (!known || (known.expires > 0 && known.expires <= now)) return undefined
    this.#known.set(hash, known)
    return known
  }

  #token(hash: string): Known | undefined {
    const row = this.rows.tokenHolder.get({ hash })
    if (!row || row.disabled) return undefined
    const { id, last_used } = row
    const scopes = row.scopes === '' ? undefined : (JSON.parse(row.scopes) as string[])
    const rested = row.source === 'local' ? 0 : row.signed_in + ELSEWHERE_SECONDS
    const ends = [row.expires, rested].filter((end) => end > 0)
    return {
      user: { ...userOf(row, scopes), by: 'token', token: id, ...(scopes && { scopes }) },
      expires: ends.length > 0 ? Math.min(...ends) : 0,
      token: { id, lastUsed: last_used },
    }
  }

  #session(hash: string): Known | undefined {
    const row = this.rows.sessionHolder.get({ hash })
    if (!row || row.disabled) return undefined
    return { user: { ...userOf(row), by: 'session' }, expires: row.expires }
  }
}

const userOf = ({ name, role, rights }: Holder, scopes?: readonly string[]) => {
  const all = rightsOf({ role, rights })
  return {
    kind: 'user' as const,
    name,
    role,
    rights: new Set(scopes ? all.filter((right) => scopes.includes(right)) : all),
  }
}

/** Those of the role, or those that were given instead. */
export function rightsOf({ role, rights }: Pick<Holder, 'role' | 'rights'>): Right[] {
  if (rights === '') return [...ROLES[role]]
  const given = JSON.parse(rights) as string[]
  return RIGHTS.filter((right) => given.includes(right))
}
