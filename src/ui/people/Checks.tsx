import { type ReactNode, useId } from 'react'
import { Problem } from '../parts/Problem.tsx'

interface ChecksProps {
  label: string
  touched: boolean
  hint?: string
  /** The server's words about it. */
  error: string | undefined
  children: ReactNode
}

/** A field of a form that is boxes to tick. */
export function Checks({ label, touched, hint, error, children }: ChecksProps) {
  const id = useId()
  return (
    <fieldset className="field checks" data-touched={touched} aria-labelledby={id}>
      <span id={id} className="field-label">
        {label}
      </span>
      <div>{children}</div>
      {hint && error === undefined && <p className="field-hint">{hint}</p>}
      <Problem field words={error} />
    </fieldset>
  )
}

interface CheckProps {
  label: string
  checked: boolean
  onChange(checked: boolean): void
}

export const Check = ({ label, checked, onChange }: CheckProps) => (
  <label className="check">
    <input type="checkbox" checked={checked} onChange={({ target }) => onChange(target.checked)} />
    {label}
  </label>
)
