/** What is done to users from the page. Who does it to themselves may not see the list again. */
import * as calls from '../data/calls.ts'
import { attempt } from '../shell/attempt.ts'
import { say } from '../shell/toasts.tsx'
import { renewUsers } from './useUsers.ts'
import { whoIs } from './words.ts'

type Names = readonly string[]

/** One after the other, as the API takes them; those before one that is refused are done. */
async function each(names: Names, verb: string, done: string, call: (name: string) => Promise<unknown>): Promise<void> {
  const all = async () => {
    for (const name of names) await call(name)
  }
  if (await attempt(`Could not ${verb} ${whoIs(names)}`, all)) say(`${whoIs(names)}: ${done}`)
  await renewUsers()
}

export const disableUsers = (names: Names) =>
  each(names, 'disable', 'disabled', (name) => calls.editUser(name, { disabled: true }))

export const enableUsers = (names: Names) =>
  each(names, 'enable', 'enabled', (name) => calls.editUser(name, { disabled: false }))

export const deleteUsers = (names: Names) => each(names, 'delete', 'deleted', calls.deleteUser)
