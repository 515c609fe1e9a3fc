import { Ways } from './Ways.tsx'

/** All that somebody sees whom the server does not know. */
export function SignInPage() {
  return (
    <main className="account-page">
      <h1 className="brand">Coalition</h1>
      <section className="card" aria-labelledby="signin">
        <h2 id="signin">Sign in</h2>
        <Ways />
      </section>
    </main>
  )
}
