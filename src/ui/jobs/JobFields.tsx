import { type ReactNode, useState } from 'react'
import { FormField } from '../parts/FormField.tsx'
import { FIELD_GROUPS, isSet, type JobField } from './fields.ts'

interface JobFieldsProps {
  /** What stands in a field; undefined: the jobs differ in it. */
  textOf(field: JobField): string | undefined
  typed: Readonly<Record<string, string>>
  errorOf(name: string): string | undefined
  onType(name: string, value: string): void
  /** After the basics. */
  children?: ReactNode
}

/** The fields of a job by what they are about. Only the basics are open at first, and what has something to say. */
export function JobFields({ textOf, typed, errorOf, onType, children }: JobFieldsProps) {
  const [open] = useState(() =>
    FIELD_GROUPS.filter(
      ({ fields }, i) =>
        i === 0 || fields.some((field) => typed[field.name] !== undefined || isSet(field, textOf(field))),
    ).map(({ title }) => title),
  )
  return FIELD_GROUPS.map(({ title, fields }, i) => {
    const wrong = fields.some(({ name }) => errorOf(name) !== undefined)
    return (
      <div key={title}>
        <details className="form-group" open={wrong || open.includes(title)}>
          <summary>{title}</summary>
          <div className="fields">
            {fields.map((field) => {
              const { name, label, kind, hint } = field
              const value = typed[name] ?? textOf(field)
              return (
                <FormField
                  key={name}
                  label={label}
                  hint={hint}
                  area={kind === 'area'}
                  numeric={kind === 'number'}
                  time={kind === 'time'}
                  value={value ?? ''}
                  placeholder={value === undefined ? 'Mixed values' : undefined}
                  touched={typed[name] !== undefined}
                  error={errorOf(name)}
                  onChange={(next) => onType(name, next)}
                />
              )
            })}
          </div>
        </details>
        {i === 0 && children}
      </div>
    )
  })
}
