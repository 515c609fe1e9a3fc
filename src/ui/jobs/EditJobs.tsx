import { type FormEvent, useState } from 'react'
import type { JobInput } from '../../models.ts'
import { editJobs } from '../data/calls.ts'
import { Dialog, DialogFoot } from '../parts/Dialog.tsx'
import { errorsOf } from '../parts/fieldErrors.ts'
import { plural } from '../parts/format.ts'
import { Problem } from '../parts/Problem.tsx'
import { Request } from '../parts/Request.tsx'
import { useFault } from '../parts/useFault.ts'
import { say } from '../shell/toasts.tsx'
import { type Common, FIELDS, sent } from './fields.ts'
import { JobFields } from './JobFields.tsx'

interface EditJobsProps {
  ids: readonly number[]
  /** What all of them have. */
  common: Common
  onClose(): void
}

/** As many as the request shows; all of them are sent. */
const MOST_SHOWN = 3
const NAMES = FIELDS.map(({ name }) => name)

/** One job, or many at once: what differs is said, and only what was touched is sent. */
export function EditJobs({ ids, common, onClose }: EditJobsProps) {
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [refused, setRefused] = useState<Error>()
  const form = useFault(refused)
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
  const { at, other } = errorsOf(refused, NAMES)
  const touched = Object.keys(change).length > 0
  const [only] = ids
  return (
    <Dialog
      title={
        ids.length === 1 ? `Job ${only}${common.title ? `: ${common.title}` : ''}` : `Edit ${plural(ids.length, 'job')}`
      }
      open
      onClose={onClose}
      typed={touched}
      wide
    >
      <form ref={form} onSubmit={submit}>
        <JobFields
          textOf={({ name }) => common[name]}
          typed={typed}
          errorOf={at}
          onType={(name, value) => setTyped((before) => ({ ...before, [name]: value }))}
        />
        <Problem words={other} />
        {touched && (
          <Request
            method="POST"
            path={`/api/jobs${ids.length > MOST_SHOWN ? `, and the same for ${plural(ids.length - MOST_SHOWN, 'more job')}` : ''}`}
            body={edits(ids.slice(0, MOST_SHOWN))}
          />
        )}
        <DialogFoot yes={`Change ${plural(ids.length, 'job')}`} unable={!touched} onClose={onClose} />
      </form>
    </Dialog>
  )
}
