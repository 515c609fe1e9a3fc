/** Keys as they are written, `Ctrl+K`, `Alt+Shift+R`, `Delete`, `?`, and as they are pressed. */

interface Pressed {
  key: string
  code: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

/** Ctrl is also Command. With Alt, a letter is the key it is printed on: macOS types another character. */
export function isPressed(keys: string, { key, code, ctrlKey, metaKey, altKey, shiftKey }: Pressed): boolean {
  const parts = keys.split('+')
  const name = parts.at(-1) || '+'
  const wants = (modifier: string) => parts.length > 1 && parts.slice(0, -1).includes(modifier)
  if (wants('Ctrl') !== (ctrlKey || metaKey) || wants('Alt') !== altKey) return false
  if (/^[A-Z]$/.test(name)) return wants('Shift') === shiftKey && (code === `Key${name}` || key.toUpperCase() === name)
  // A character like ? takes Shift on some keyboards, and none on others.
  if (name.length === 1) return key === name
  return wants('Shift') === shiftKey && key === name
}

/** A key that goes to what is being typed. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null
}

const SIGNS: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', PageUp: 'Page ↑', PageDown: 'Page ↓' }

/** As people write them. */
export const keyText = (keys: string): string => keys.replace(/Arrow\w+|Page\w+/, (name) => SIGNS[name] ?? name)
