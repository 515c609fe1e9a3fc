import { useState } from 'react'
import { me, signIn, signInAtProvider } from '../data/me.ts'
import { useStore } from '../data/store.ts'
import { Credentials } from './Credentials.tsx'

/** How somebody can sign in at this server. */
export function Ways() {
  const ways = useStore(me)?.ways
  if (!ways) return null
  const { password, provider } = ways
  return (
    <>
      {provider !== null && <ProviderButton label={provider} />}
      {password && provider !== null && <p className="account-or">or with a password of this farm</p>}
      {password && <Credentials yes="Sign in" send={signIn} />}
      {!password && provider === null && (
        <p className="dialog-words">
          Nobody can sign in here yet. While there is no user the server prints a link at its start, for the first
          admin; later an admin adds the others.
        </p>
      )}
    </>
  )
}

function ProviderButton({ label }: { label: string }) {
  const [refused, setRefused] = useState<Error>()
  const [waiting, setWaiting] = useState(false)
  const go = async () => {
    setWaiting(true)
    setRefused(undefined)
    try {
      await signInAtProvider()
    } catch (error) {
      setRefused(error as Error)
      setWaiting(false)
    }
  }
  return (
    <div className="account-provider">
      <button type="button" className="button" data-kind="main" disabled={waiting} onClick={() => void go()}>
        Sign in with {label}
      </button>
      {refused && (
        <p className="form-error" role="alert">
          {refused.message}
        </p>
      )}
    </div>
  )
}
