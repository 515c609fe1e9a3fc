/** The commands of a view as a menu: under the pointer, or below a button. */
import { ContextMenu } from '@base-ui/react/context-menu'
import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import type { Command } from '../shell/commands.ts'
import { keyText } from '../shell/keys.ts'

/** Commands with a line between the headings. */
function Items({ commands }: { commands: readonly Command[] }) {
  return commands.map((command, i) => (
    <span key={command.id} role="presentation">
      {i > 0 && commands[i - 1]?.group !== command.group && <Menu.Separator className="menu-line" />}
      <Menu.Item
        className="menu-item"
        data-danger={command.danger}
        disabled={command.unable !== undefined}
        title={command.unable}
        onClick={() => command.run()}
      >
        <span>{command.label}</span>
        {command.keys && <kbd>{keyText(command.keys)}</kbd>}
      </Menu.Item>
    </span>
  ))
}

export function CommandContextMenu({ commands, children }: { commands: readonly Command[]; children: ReactNode }) {
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger className="fill">{children}</ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Positioner className="popup-place">
          <ContextMenu.Popup className="menu">
            <Items commands={commands} />
          </ContextMenu.Popup>
        </ContextMenu.Positioner>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  )
}

interface CommandMenuProps {
  label: string
  commands: readonly Command[]
  children: ReactNode
}

export function CommandMenu({ label, commands, children }: CommandMenuProps) {
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-button" aria-label={label}>
        {children}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="popup-place" sideOffset={4} align="end">
          <Menu.Popup className="menu">
            <Items commands={commands} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
