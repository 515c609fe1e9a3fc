import { type FormEvent, useState } from 'react'
import { addUser } from '../data/calls.ts'
import { Dialog, DialogFoot } from '../parts/Dialog.tsx'
import { FormField } from '../parts/FormField.tsx'
import { errorsOf } from '../parts/fieldErrors.ts'
import { Problem } from '../parts/Problem.tsx'
import { useFault } from '../parts/useFault.ts'
import { say } from '../shell/toasts.tsx'
import { renewUsers } from './useUsers.ts'
import { ROLE_WORDS, ROLES, type Role } from './words.ts'

const FIELDS = ['name', 'role', 'password']

export function AddUser({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('artist')
  const [password, setPassword] = useState('')
  const [refused, setRefused] = useState<Error>()
  const form = useFault(refused)
  const { at, other } = errorsOf(refused, FIELDS)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const user = await addUser({ name, ...(role !== 'artist' && { role }), ...(password && { password }) })
      say(`${user.name} added`)
      onClose()
      await renewUsers()
    } catch (error) {
      setRefused(error as Error)
    }
  }
  return (
    <Dialog title="Add a user" open onClose={onClose} typed={name !== '' || password !== ''}>
      <form ref={form} onSubmit={submit}>
        <div className="fields">
          <FormField label="Name" keeper="username" value={name} error={at('name')} onChange={setName} />
          <FormField
            label="Role"
            options={ROLES}
            hint={ROLE_WORDS[role]}
            value={role}
            error={at('role')}
            onChange={(next) => setRole(next as Role)}
          />
          <FormField
            label="Password"
            keeper="new-password"
            hint="Without one they sign in elsewhere, or by tokens"
            value={password}
            error={at('password')}
            onChange={setPassword}
          />
        </div>
        <Problem words={other} />
        <DialogFoot yes="Add user" unable={name === ''} onClose={onClose} />
      </form>
    </Dialog>
  )
}
