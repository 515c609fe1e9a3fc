import { type FormEvent, useState } from 'react'
import { Refused } from '../../client.ts'
import type { JobInput } from '../../models.ts'
import { editJobs } from '../data/calls.ts'
import { jobRows } from '../data/live.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { FormField } from '../parts/FormField.tsx'
import { plural } from '../parts/format.ts'
import { Request } from '../parts/Request.tsx'
import { say } from '../shell/toasts.tsx'
import { common, FIELDS, sent } from './fields.ts'

interface EditJobsProps {
  ids: readonly number[]
  onClose(): void
}

/** As many as the request shows; all of them are sent. */
const MOST_SHOWN = 3

/** One job, or many at once: what differs is said, and only what was touched is sent. */
export function EditJobs({ ids, onClose }: EditJobsProps) {
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [refused, setRefused] = useState<Error>()
  const jobs = ids.flatMap((id) => jobRows.get(id) ?? [])
  const change = Object.fromEntries(
    FIELDS.flatMap((field) => {
      const text = typed[field.name]
      return text === undefined ? [] : [[field.name, sent(text, field)]]
    }),
  ) as JobInput
  const edits = (some: readonly number[]) => Object.fromEntries(some.map((id) => [id, change]))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await editJobs(edits(ids))
      say(`${plural(ids.length, 'job')} changed`)
      onClose()
    } catch (error) {
      setRefused(error as Error)
    }
  }
  // The field at fault is named with the job before it: 12.priority.
  const field = refused instanceof Refused ? refused.field?.replace(/^\d+\./, '').split('.')[0] : undefined
  const touched = Object.keys(change).length > 0
  const [only] = ids
  return (
    <Dialog title={ids.length === 1 ? `Job ${only}` : `Edit ${plural(ids.length, 'job')}`} open onClose={onClose} wide>
      <form onSubmit={submit}>
        <div className="fields">
          {FIELDS.map((each) => {
            const { name, label, kind, hint } = each
            // Jobs that were never on the screen may have anything.
            const same = jobs.length === ids.length ? common(jobs, each) : undefined
            return (
              <FormField
                key={name}
                label={label}
                hint={hint}
                area={kind === 'area'}
                numeric={kind === 'number'}
                value={typed[name] ?? same ?? ''}
                placeholder={same === undefined ? 'Mixed values' : undefined}
                touched={typed[name] !== undefined}
                error={field === name ? refused?.message : undefined}
                onChange={(value) => setTyped((before) => ({ ...before, [name]: value }))}
              />
            )
          })}
        </div>
        {refused && !FIELDS.some(({ name }) => name === field) && (
          <p className="form-error" role="alert">
            {refused.message}
          </p>
        )}
        {touched && (
          <Request
            method="POST"
            path={`/api/jobs${ids.length > MOST_SHOWN ? `, and the same for ${plural(ids.length - MOST_SHOWN, 'more job')}` : ''}`}
            body={edits(ids.slice(0, MOST_SHOWN))}
          />
        )}
        <footer className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-kind="main" disabled={!touched}>
            Change {plural(ids.length, 'job')}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
