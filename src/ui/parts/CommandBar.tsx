import type { Command } from '../shell/commands.ts'
import { keyText } from '../shell/keys.ts'
import { CommandMenu } from './CommandMenu.tsx'
import { Icon, type IconName } from './Icon.tsx'

/** By the id of the command. */
export type Buttons = Record<string, { icon: IconName; word: string }>

interface CommandBarProps {
  label: string
  commands: readonly Command[]
  /** What is done most, a click away; all of it is in the menu beside it. */
  buttons: Buttons
}

export function CommandBar({ label, commands, buttons }: CommandBarProps) {
  return (
    <div className="toolbar" role="toolbar" aria-label={label}>
      {Object.entries(buttons).map(([id, { icon, word }]) => {
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
