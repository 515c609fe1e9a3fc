/** Everything that can be done now: what the menus, the palette (Ctrl-K), the shortcuts and `?` show is this one list. */
import { useEffect, useId } from 'react'
import { Store, useStore } from '../data/store.ts'
import { isPressed, isTyping } from './keys.ts'

export interface Command {
  id: string
  label: string
  /** A heading in the palette and among the shortcuts. */
  group: string
  keys?: string
  /** Works while somebody types, too. */
  always?: boolean
  danger?: boolean
  /** Why it cannot be done now; undefined: it can. */
  unable?: string | undefined
  run(): void
}

const lists = new Store<ReadonlyMap<string, readonly Command[]>>(new Map())

/** Offers commands as long as the component is there. */
export function useCommands(commands: readonly Command[]): void {
  const who = useId()
  useEffect(() => lists.set(new Map(lists.get()).set(who, commands)), [who, commands])
  useEffect(
    () => () => {
      const rest = new Map(lists.get())
      rest.delete(who)
      lists.set(rest)
    },
    [who],
  )
}

export const useAllCommands = (): Command[] => [...useStore(lists).values()].flat()

/** What has the keyboard while it is open. A toast is a dialog by its role, and has not. */
const OVER = '[role="dialog"]:not(.toast), [role="alertdialog"]:not(.toast), [role="menu"]'

export function startShortcuts(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.repeat) return
    const covered = document.querySelector(OVER) !== null
    const typing = covered || isTyping(event.target)
    for (const command of [...lists.get().values()].flat()) {
      if (!command.keys || !isPressed(command.keys, event) || (typing && !command.always)) continue
      event.preventDefault()
      // What is covered is not what somebody means who fills in a form.
      if (!covered && !command.unable) command.run()
      return
    }
  })
}
