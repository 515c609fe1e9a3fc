import { useState } from 'react'
import { makeFirstAdmin } from '../data/me.ts'
import { Credentials } from './Credentials.tsx'

/** Where the link leads that the server prints while it has no user. */
export function FirstAdmin() {
  const [secret] = useState(() => {
    const found = location.hash.slice(1)
    // Out of the address bar, and the history of the browser.
    history.replaceState(null, '', location.pathname)
    return found
  })
  return (
    <main className="account-page">
      <h1 className="brand">Coalition</h1>
      <section className="card" aria-labelledby="first">
        <h2 id="first">The first admin</h2>
        <p className="dialog-words">Choose the name and the password of the one who will let the others in.</p>
        <Credentials yes="Begin" fresh send={(name, password) => makeFirstAdmin(secret, name, password)} />
      </section>
    </main>
  )
}
