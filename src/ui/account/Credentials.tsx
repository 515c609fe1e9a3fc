import { type FormEvent, useState } from 'react'
import { FormField } from '../parts/FormField.tsx'

interface CredentialsProps {
  /** Of the button, as a verb. */
  yes: string
  /** A password is chosen, not known. */
  fresh?: boolean
  send(name: string, password: string): Promise<void>
}

/** A name and a password, and the server's words when it says no. */
export function Credentials({ yes, fresh = false, send }: CredentialsProps) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [refused, setRefused] = useState<Error>()
  const [waiting, setWaiting] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setWaiting(true)
    setRefused(undefined)
    try {
      await send(name, password)
    } catch (error) {
      setRefused(error as Error)
      setPassword('')
    } finally {
      setWaiting(false)
    }
  }
  return (
    <form onSubmit={submit}>
      <div className="account-fields">
        <FormField label="Name" keeper="username" value={name} onChange={setName} />
        <FormField
          label="Password"
          keeper={fresh ? 'new-password' : 'current-password'}
          hint={fresh ? '8 characters or more' : undefined}
          value={password}
          onChange={setPassword}
        />
      </div>
      {refused && (
        <p className="form-error" role="alert">
          {refused.message}
        </p>
      )}
      <footer className="dialog-foot">
        <button type="submit" className="button" data-kind="main" disabled={waiting || name === '' || password === ''}>
          {yes}
        </button>
      </footer>
    </form>
  )
}
