import { type FormEvent, useId, useState } from 'react'
import type { UserEdit } from '../../models.ts'
import { Tokens } from '../account/Tokens.tsx'
import { editUser } from '../data/calls.ts'
import { me } from '../data/me.ts'
import { useRow } from '../data/rows.ts'
import { useStore } from '../data/store.ts'
import { Dialog, DialogFoot } from '../parts/Dialog.tsx'
import { FormField } from '../parts/FormField.tsx'
import { errorsOf } from '../parts/fieldErrors.ts'
import { Problem } from '../parts/Problem.tsx'
import { useFault } from '../parts/useFault.ts'
import { say } from '../shell/toasts.tsx'
import { Check, Checks } from './Checks.tsx'
import { asking } from './useUserCommands.ts'
import { renewUsers, userRows } from './useUsers.ts'
import { changesOf, RIGHT_WORDS, RIGHTS, type Right, ROLE_WORDS, ROLES, type Role, sourceText } from './words.ts'

const FIELDS = ['role', 'rights', 'password', 'disabled']

interface EditUserProps {
  name: string
  onClose(): void
}

/** One user: only what was touched is sent. */
export function EditUser({ name, onClose }: EditUserProps) {
  const user = useRow(userRows, name)
  const own = useStore(me)?.name === name
  const [typed, setTyped] = useState<UserEdit>({})
  const [refused, setRefused] = useState<Error>()
  const form = useFault(refused)
  const id = useId()
  if (!user) return null
  const type = (change: UserEdit) => setTyped((before) => ({ ...before, ...change }))
  const changes = changesOf(user, typed)
  const touched = Object.keys(changes).length > 0
  const { at, other } = errorsOf(refused, FIELDS)
  const role = typed.role ?? user.role
  const rights = typed.rights === undefined ? (user.own_rights ? user.rights : null) : typed.rights
  const elsewhere = user.source === 'local' ? undefined : sourceText(user)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await editUser(name, changes)
      say(`${name} changed`)
      onClose()
      await renewUsers()
    } catch (error) {
      setRefused(error as Error)
    }
  }
  const setRight = (right: Right, on: boolean) =>
    type({ rights: RIGHTS.filter((each) => (each === right ? on : rights?.includes(each))) })
  return (
    <Dialog title={name} open onClose={onClose} typed={touched}>
      <form ref={form} id={id} onSubmit={submit}>
        <div className="fields">
          <FormField
            label="Role"
            options={ROLES}
            hint={elsewhere ? `${elsewhere} may say otherwise when they sign in` : ROLE_WORDS[role]}
            value={role}
            touched={'role' in changes}
            error={at('role')}
            onChange={(next) => type({ role: next as Role })}
          />
          <Checks label="Rights" touched={'rights' in changes} error={at('rights')}>
            <Check
              label="As the role has them"
              checked={rights === null}
              onChange={(on) => type({ rights: on ? null : user.rights })}
            />
            {rights && (
              <div className="rights">
                {RIGHTS.map((right) => (
                  <Check
                    key={right}
                    label={RIGHT_WORDS[right]}
                    checked={rights.includes(right)}
                    onChange={(on) => setRight(right, on)}
                  />
                ))}
              </div>
            )}
          </Checks>
          <FormField
            label="New password"
            keeper="new-password"
            hint={elsewhere ? `With one they sign in here, and not by ${elsewhere}` : 'Ends their sessions'}
            value={typed.password ?? ''}
            touched={'password' in changes}
            error={at('password')}
            onChange={(password) => type({ password })}
          />
          <Checks
            label="Access"
            touched={'disabled' in changes}
            hint="Their sessions end, their tokens are of no use"
            error={at('disabled')}
          >
            <Check
              label="Disabled"
              checked={Boolean(typed.disabled ?? user.disabled)}
              onChange={(disabled) => type({ disabled })}
            />
          </Checks>
        </div>
        <Problem words={other} />
      </form>
      <Tokens user={name} own={own} />
      <DialogFoot yes="Save" form={id} unable={!touched} onClose={onClose}>
        <button
          type="button"
          className="button user-delete"
          onClick={() => asking.set({ kind: 'delete', names: [name] })}
        >
          Delete …
        </button>
      </DialogFoot>
    </Dialog>
  )
}
