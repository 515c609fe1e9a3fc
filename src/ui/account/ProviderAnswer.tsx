import { useEffect, useState } from 'react'
import { finishAtProvider } from '../data/me.ts'

/** Where the provider sends the browser back. */
export function ProviderAnswer() {
  const [answer] = useState(() => {
    const found = location.search
    // Out of the address bar, and the history of the browser: it is good once.
    history.replaceState(null, '', location.pathname)
    return found
  })
  const [refused, setRefused] = useState<Error>()
  useEffect(() => {
    finishAtProvider(answer).catch(setRefused)
  }, [answer])
  return (
    <main className="account-page">
      <h1 className="brand">Coalition</h1>
      <section className="card" aria-labelledby="signin">
        <h2 id="signin">Sign in</h2>
        {refused ? (
          <>
            <p className="form-error" role="alert">
              {refused.message}
            </p>
            <footer className="dialog-foot">
              <a className="button" data-kind="main" href="/">
                Sign in again
              </a>
            </footer>
          </>
        ) : (
          <p className="dialog-words" role="status">
            Signing in …
          </p>
        )}
      </section>
    </main>
  )
}
