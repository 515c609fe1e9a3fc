import { CommandMenu } from '../parts/CommandMenu.tsx'
import { Icon, type IconName } from '../parts/Icon.tsx'
import type { Command } from '../shell/commands.ts'
import { keyText } from '../shell/keys.ts'

/** What is done most, a click away; all of it is in the menu beside it. */
const BUTTONS: Record<string, { icon: IconName; word: string }> = {
  start: { icon: 'play', word: 'Start' },
  pause: { icon: 'pause', word: 'Pause' },
  reset: { icon: 'reset', word: 'Reset' },
  edit: { icon: 'edit', word: 'Edit' },
  delete: { icon: 'trash', word: 'Delete' },
  add: { icon: 'plus', word: 'New' },
}

export function Toolbar({ commands }: { commands: readonly Command[] }) {
  return (
    <div className="toolbar" role="toolbar" aria-label="Selected jobs">
      {Object.entries(BUTTONS).map(([id, { icon, word }]) => {
        const command = commands.find((each) => each.id === id)
        return (
          command && (
            <button
              key={id}
              type="button"
              className="button"
              aria-label={word}
              disabled={command.unable !== undefined}
              title={`${command.label}${command.keys ? ` (${keyText(command.keys)})` : ''}`}
              onClick={command.run}
            >
              <Icon name={icon} />
              <span>{word}</span>
            </button>
          )
        )
      })}
      <CommandMenu label="More" commands={commands.filter(({ group }) => group !== 'View')}>
        <Icon name="more" />
      </CommandMenu>
    </div>
  )
}
