import { useState } from 'react'
import type { Me } from '../../models.ts'
import { me, signOut } from '../data/me.ts'
import { useStore } from '../data/store.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { attempt } from '../shell/attempt.ts'
import { Password } from './Password.tsx'
import { Tokens } from './Tokens.tsx'
import { Ways } from './Ways.tsx'

/** Who is signed in, and what belongs to them. */
export function AccountButton() {
  const who = useStore(me)
  const [open, setOpen] = useState(false)
  // On a workstation where nobody has an account there is nothing to sign in to.
  if (!who || (who.kind !== 'user' && !who.ways.password && who.ways.provider === null)) return null
  const name = who.kind === 'user' ? who.name : 'Sign in'
  return (
    <>
      <button type="button" className="button account-button" title={titleOf(who)} onClick={() => setOpen(true)}>
        {name}
      </button>
      <Dialog title={name} open={open} onClose={() => setOpen(false)}>
        {who.kind === 'user' ? <Own who={who} /> : <Ways />}
      </Dialog>
    </>
  )
}

const titleOf = ({ kind, role }: Me): string =>
  kind === 'user' ? `Signed in: ${role}` : 'Nobody is signed in; from here all may be done'

function Own({ who }: { who: Me }) {
  return (
    <div className="account">
      <p className="dialog-words">
        {who.role}: may {who.rights.join(', ').replaceAll('_', ' ') || 'do nothing'}
      </p>
      <Tokens user={who.name} own />
      {who.own_password && <Password />}
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={() => void attempt('Could not sign out', signOut)}>
          Sign out
        </button>
      </footer>
    </div>
  )
}
