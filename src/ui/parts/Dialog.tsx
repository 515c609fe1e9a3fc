import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as Base } from '@base-ui/react/dialog'
import { type ReactNode, useRef, useState } from 'react'
import { Icon } from './Icon.tsx'

interface DialogProps {
  title: string
  open: boolean
  onClose(): void
  wide?: boolean
  /** Something was typed that is not sent yet: Escape, which is hit by mistake, asks before it is gone. */
  typed?: boolean
  children: ReactNode
}

export function Dialog({ title, open, onClose, wide = false, typed = false, children }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null)
  const [asking, setAsking] = useState(false)
  return (
    <Base.Root
      open={open}
      onOpenChange={(next, { reason }) => {
        // A click beside a form is a slip: what was typed would be gone.
        if (next || (reason === 'outside-press' && popup.current?.querySelector('form'))) return
        if (reason === 'escape-key' && typed) setAsking(true)
        else onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup
          ref={popup}
          className="dialog"
          data-wide={wide}
          // Not the cross; and on a phone no keyboard over half of the form.
          initialFocus={(by) =>
            (by !== 'touch' && popup.current?.querySelector<HTMLElement>('input, textarea, select')) || true
          }
        >
          <header className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            <Base.Close className="icon-button" aria-label="Close">
              <Icon name="close" />
            </Base.Close>
          </header>
          {children}
          <Question
            title="Throw away what was typed?"
            text="It was not sent, and is not kept."
            yes="Throw it away"
            open={asking}
            onYes={onClose}
            onClose={() => setAsking(false)}
          />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface DialogFootProps {
  /** What the button does, as a verb. */
  yes: string
  /** Nothing was typed yet. */
  unable?: boolean
  /** The id of the form, where the foot stands outside of it. */
  form?: string
  onClose(): void
  /** At the other end. */
  children?: ReactNode
}

/** The foot of a form. */
export function DialogFoot({ yes, unable = false, form, onClose, children }: DialogFootProps) {
  return (
    <footer className="dialog-foot">
      {children}
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" form={form} className="button" data-kind="main" disabled={unable}>
        {yes}
      </button>
    </footer>
  )
}

interface QuestionProps {
  title: string
  text: string
  /** What the button does, as a verb. */
  yes: string
  open: boolean
  onYes(): void
  onClose(): void
}

/** Asked before what cannot be taken back. */
export function Question({ title, text, yes, open, onYes, onClose }: QuestionProps) {
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => next || onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <header className="dialog-head">
            <AlertDialog.Title className="dialog-title">{title}</AlertDialog.Title>
          </header>
          <AlertDialog.Description className="dialog-words">{text}</AlertDialog.Description>
          <footer className="dialog-foot">
            <AlertDialog.Close className="button">Cancel</AlertDialog.Close>
            <AlertDialog.Close className="button" data-kind="danger" onClick={onYes}>
              {yes}
            </AlertDialog.Close>
          </footer>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
