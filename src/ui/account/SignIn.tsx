import { signIn } from '../data/me.ts'
import { Credentials } from './Credentials.tsx'

/** All that somebody sees whom the server does not know. */
export function SignInPage() {
  return (
    <main className="account-page">
      <h1 className="brand">Coalition</h1>
      <section className="card" aria-labelledby="signin">
        <h2 id="signin">Sign in</h2>
        <Credentials yes="Sign in" send={signIn} />
      </section>
    </main>
  )
}
