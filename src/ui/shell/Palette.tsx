import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { useStore } from '../data/store.ts'
import { jobAddress } from '../parts/JobLink.tsx'
import { type Command, useAllCommands } from './commands.ts'
import { keyText } from './keys.ts'
import { paletteOpen } from './open.ts'

interface Group {
  value: string
  items: Command[]
}

const NUMBER = /^\s*#?(\d{1,15})\s*$/

/** Every command that there is now, found by typing; and any job, by its number. */
export function Palette() {
  const isOpen = useStore(paletteOpen)
  const [typed, setTyped] = useState('')
  const [, navigate] = useLocation()
  const job = NUMBER.exec(typed)?.[1]
  // What the view offers before what the page always has.
  const commands = useAllCommands().toSorted((a, b) => Number(a.group === 'Page') - Number(b.group === 'Page'))
  const sought = typed.trim().toLowerCase()
  // It is not gone: it only cannot be done now, and says itself what it lacks.
  const unable = commands.find((command) => command.unable && command.label.toLowerCase().includes(sought))
  const groups: Group[] = [...Map.groupBy(commands, ({ group }) => group)].map(([value, items]) => ({
    value,
    items: items.filter(({ id, unable }) => id !== 'palette' && unable === undefined),
  }))
  // What was typed is in its name, or it would not be found by it.
  if (job !== undefined)
    groups.unshift({
      value: 'Go to',
      items: [
        {
          id: 'job',
          label: `Page of job ${typed.trim()}`,
          group: 'Jobs',
          run: () => navigate(jobAddress(Number(job))),
        },
      ],
    })
  const show = (next: boolean) => {
    paletteOpen.set(next)
    setTyped('')
  }
  const run = (command: Command) => {
    show(false)
    // The dialog gives the focus back first: a command may open another.
    setTimeout(() => command.run())
  }
  return (
    <Dialog.Root open={isOpen} onOpenChange={show}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog palette" aria-label="All commands">
          <Autocomplete.Root
            open
            inline
            autoHighlight="always"
            value={typed}
            onValueChange={setTyped}
            items={groups.filter(({ items }) => items.length > 0)}
            itemToStringValue={(command) => command.label}
          >
            <Autocomplete.Input
              className="palette-input"
              aria-label="Find a command"
              placeholder="Find a command, or a job by its number"
            />
            <Autocomplete.Empty className="palette-empty">
              {unable ? `${unable.label}: ${unable.unable}` : 'No command has these letters.'}
            </Autocomplete.Empty>
            <Autocomplete.List className="palette-list">
              {(group: Group) => (
                <Autocomplete.Group key={group.value} items={group.items}>
                  <Autocomplete.GroupLabel className="palette-group">{group.value}</Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(command: Command) => (
                      <Autocomplete.Item
                        key={command.id}
                        value={command}
                        className="menu-item"
                        onClick={() => run(command)}
                      >
                        <span>{command.label}</span>
                        {command.keys && <kbd>{keyText(command.keys)}</kbd>}
                      </Autocomplete.Item>
                    )}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
