import { Field } from '@base-ui/react/field'

interface FormFieldProps {
  label: string
  value: string
  onChange(value: string): void
  area?: boolean
  numeric?: boolean
  /** One of these is chosen. */
  options?: readonly string[]
  /** A date and a time. */
  time?: boolean
  /** What a password keeper of the browser fills in; a password is not shown. */
  keeper?: 'username' | 'current-password' | 'new-password' | undefined
  hint?: string | undefined
  placeholder?: string | undefined
  /** The server's words about this field. */
  error?: string | undefined
  touched?: boolean
}

export function FormField({
  label,
  value,
  onChange,
  area,
  numeric,
  options,
  time,
  keeper,
  hint,
  placeholder,
  error,
  touched,
}: FormFieldProps) {
  return (
    <Field.Root className="field" data-area={area} data-touched={touched} invalid={error !== undefined}>
      <Field.Label className="field-label">{label}</Field.Label>
      <Field.Control
        className="field-input"
        value={value}
        placeholder={placeholder}
        autoComplete={keeper ?? 'off'}
        spellCheck={false}
        inputMode={numeric ? 'numeric' : undefined}
        onValueChange={(next) => onChange(String(next))}
        {...(keeper?.endsWith('password') && { type: 'password' })}
        {...(time && { type: 'datetime-local', step: 1 })}
        {...(options && {
          render: (
            <select>
              {options.map((option) => (
                <option key={option}>{option}</option>
              ))}
            </select>
          ),
        })}
        {...(area && { render: <textarea rows={2} /> })}
      />
      {error !== undefined ? (
        <Field.Error className="field-error" match>
          {error}
        </Field.Error>
      ) : (
        hint && <Field.Description className="field-hint">{hint}</Field.Description>
      )}
    </Field.Root>
  )
}
