import { type Buttons, CommandBar } from '../parts/CommandBar.tsx'
import type { Command } from '../shell/commands.ts'

const BUTTONS: Buttons = {
  start: { icon: 'play', word: 'Start' },
  pause: { icon: 'pause', word: 'Pause' },
  reset: { icon: 'reset', word: 'Reset' },
  edit: { icon: 'edit', word: 'Edit' },
  delete: { icon: 'trash', word: 'Delete' },
  add: { icon: 'plus', word: 'New' },
}

export const Toolbar = ({ commands }: { commands: readonly Command[] }) => (
  <CommandBar label="Selected jobs" commands={commands} buttons={BUTTONS} />
)
