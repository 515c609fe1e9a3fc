import { type FormEvent, useState } from 'react'
import { changePassword } from '../data/me.ts'
import { FormField } from '../parts/FormField.tsx'
import { say } from '../shell/toasts.tsx'

export function Password() {
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const [refused, setRefused] = useState<Error>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await changePassword(old, password)
      say('Password changed; your other browsers are signed out')
      setOld('')
      setPassword('')
      setRefused(undefined)
    } catch (error) {
      setRefused(error as Error)
    }
  }
  return (
    <details className="form-group">
      <summary>Change password</summary>
      <form onSubmit={submit}>
        <div className="account-fields">
          <FormField label="Old password" keeper="current-password" value={old} onChange={setOld} />
          <FormField label="New password" keeper="new-password" value={password} onChange={setPassword} />
          <button type="submit" className="button" disabled={old === '' || password === ''}>
            Change it
          </button>
        </div>
        {refused && (
          <p className="form-error" role="alert">
            {refused.message}
          </p>
        )}
      </form>
    </details>
  )
}
