import { useStore } from '../data/store.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { useAllCommands } from './commands.ts'
import { keyText } from './keys.ts'
import { shortcutsOpen } from './open.ts'

/** Keys that are the table's own, and no commands. */
const IN_TABLES: [keys: string, what: string][] = [
  ['↑ ↓ Page Home End', 'Go to another row'],
  ['→ ←', 'Open or close a group; go to its parent'],
  ['Enter', 'Go into a group'],
  ['Space', 'Select or leave out the row'],
  ['Shift with these', 'Select up to there'],
  ['Ctrl+A', 'Select all'],
  ['Escape', 'Select nothing'],
  ['Letters', 'Go to the next title that begins so'],
]

export function Shortcuts() {
  const isOpen = useStore(shortcutsOpen)
  const groups = Map.groupBy(
    useAllCommands().filter(({ keys }) => keys),
    ({ group }) => group,
  )
  return (
    <Dialog title="Keyboard shortcuts" open={isOpen} onClose={() => shortcutsOpen.set(false)} wide>
      <div className="shortcuts">
        {[...groups].map(([group, commands]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {commands.map(({ id, label, keys }) => (
                <div key={id}>
                  <dt>{label}</dt>
                  <dd>
                    <kbd>{keyText(keys ?? '')}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>In tables</h3>
          <dl>
            {IN_TABLES.map(([keys, what]) => (
              <div key={keys}>
                <dt>{what}</dt>
                <dd>
                  <kbd>{keys}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  )
}
