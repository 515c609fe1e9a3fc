import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { MadeToken, Token } from '../../models.ts'
import { serverNow } from '../data/clock.ts'
import { queries } from '../data/live.ts'
import { listTokens, makeToken, revokeToken } from '../data/me.ts'
import { Question } from '../parts/Dialog.tsx'
import { FormField } from '../parts/FormField.tsx'
import { moment } from '../parts/format.ts'
import { Icon } from '../parts/Icon.tsx'
import { attempt } from '../shell/attempt.ts'

const keyOf = (user: string) => ['tokens', user]
const DAYS = 90
const renew = (user: string) => queries.invalidateQueries({ queryKey: keyOf(user) })

const date = (seconds: number): string => moment(seconds, serverNow())

/** Those that are of use: the others are in the API. */
const isGood = ({ revoked, expires }: Token): boolean => !revoked && (expires === 0 || expires * 1000 > Date.now())

interface TokensProps {
  user: string
  /** The user reads it. */
  own?: boolean
}

/** What scripts sign in with: one's own, or those of another for who looks after people. */
export function Tokens({ user, own = false }: TokensProps) {
  const { data, error } = useQuery({
    queryKey: keyOf(user),
    queryFn: ({ signal }) => listTokens(user, signal),
    staleTime: 0,
  })
  const whom = own ? 'you' : user
  const [doomed, setDoomed] = useState<Token>()
  const good = (data ?? []).filter(isGood)
  const revoke = async ({ id }: Token) => {
    await attempt(`Token ${id} is not revoked`, () => revokeToken(id))
    await renew(user)
  }
  return (
    <section className="account-tokens" aria-labelledby="tokens">
      <h3 id="tokens">Tokens</h3>
      {error && <p role="alert">{error.message}</p>}
      {data && good.length === 0 && <p className="field-hint">None: one lets a script or a command line be {whom}.</p>}
      <ul>
        {good.map((token) => (
          <li key={token.id}>
            <span>
              {token.name}
              <small>
                {token.scopes?.join(', ') ?? `all that ${whom} may`}
                {token.expires > 0 && `, until ${date(token.expires)}`}
                {token.last_used > 0 ? `, last used ${date(token.last_used)}` : ', never used'}
              </small>
            </span>
            <button
              type="button"
              className="icon-button"
              aria-label={`Revoke ${token.name}`}
              onClick={() => setDoomed(token)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      <NewToken user={user} />
      <Question
        title={`Revoke ${doomed?.name}?`}
        text="Whatever signs in with it is refused from then on."
        yes="Revoke it"
        open={doomed !== undefined}
        onYes={() => doomed && void revoke(doomed)}
        onClose={() => setDoomed(undefined)}
      />
    </section>
  )
}

function NewToken({ user }: { user: string }) {
  const [name, setName] = useState('')
  const [made, setMade] = useState<MadeToken>()
  const [refused, setRefused] = useState<Error>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      setMade(await makeToken({ name, days: DAYS, user }))
      setName('')
      setRefused(undefined)
      await renew(user)
    } catch (error) {
      setRefused(error as Error)
    }
  }
  return (
    <form onSubmit={submit}>
      <FormField
        label="New token"
        hint={`What it is for; it is good for ${DAYS} days`}
        value={name}
        error={refused?.message}
        onChange={setName}
      />
      <button type="submit" className="button" disabled={name === ''}>
        Make it
      </button>
      {made && (
        <p role="status">
          {made.name}, shown this once: <code className="account-secret">{made.token}</code>
        </p>
      )}
    </form>
  )
}
