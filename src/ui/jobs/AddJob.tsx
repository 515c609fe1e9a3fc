import { type FormEvent, useState } from 'react'
import type { NewJob } from '../../models.ts'
import { addJob } from '../data/calls.ts'
import { Dialog, DialogFoot } from '../parts/Dialog.tsx'
import { FormField } from '../parts/FormField.tsx'
import { errorsOf } from '../parts/fieldErrors.ts'
import { Problem } from '../parts/Problem.tsx'
import { Request } from '../parts/Request.tsx'
import { useFault } from '../parts/useFault.ts'
import { say } from '../shell/toasts.tsx'
import { FIELDS, sent } from './fields.ts'
import { JobFields } from './JobFields.tsx'

interface AddJobProps {
  /** The group that it comes to; 0: the root. */
  parent: number
  open: boolean
  onClose(): void
}

const FRAMES = [
  { name: 'frames', label: 'Frames', hint: '1-100, 1-100x2, 1,5,10: a job for each; {frame} in the command' },
  { name: 'chunk', label: 'Frames a job', hint: '{start}, {end} and {step} in the command' },
  { name: 'frame_order', label: 'Order', hint: 'given, reversed, ends-first or every:N' },
] as const
const NAMES = [...FIELDS, ...FRAMES].map(({ name }) => name)

/** A job, a group, or a group of frames: what is typed is sent, what is not has the server's defaults. */
export function AddJob({ parent, open, onClose }: AddJobProps) {
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [refused, setRefused] = useState<Error>()
  const form = useFault(refused)
  const type = (name: string, value: string) =>
    setTyped(({ [name]: _before, ...rest }) => (value === '' ? rest : { ...rest, [name]: value }))
  const job = newJob(typed, parent)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const id = await addJob(job)
      say(`Job ${id} added`)
      setTyped({})
      setRefused(undefined)
      onClose()
    } catch (error) {
      setRefused(error as Error)
    }
  }
  const { at, other } = errorsOf(refused, NAMES)
  return (
    <Dialog
      title={parent === 0 ? 'New job' : `New job in group ${parent}`}
      open={open}
      onClose={onClose}
      typed={Object.keys(typed).length > 0}
      wide
    >
      <form ref={form} onSubmit={submit}>
        <JobFields textOf={() => ''} typed={typed} errorOf={at} onType={type}>
          <details className="form-group" open>
            <summary>Frames</summary>
            <div className="fields">
              {FRAMES.map(({ name, label, hint }) => (
                <FormField
                  key={name}
                  label={label}
                  hint={hint}
                  value={typed[name] ?? ''}
                  touched={Boolean(typed[name])}
                  error={at(name)}
                  onChange={(value) => type(name, value)}
                />
              ))}
            </div>
          </details>
        </JobFields>
        <Problem words={other} />
        <Request method="PUT" path="/api/jobs" body={job} />
        <DialogFoot yes={job.command ? 'Add job' : 'Add group'} onClose={onClose} />
      </form>
    </Dialog>
  )
}

function newJob(typed: Record<string, string>, parent: number): NewJob {
  const said = FIELDS.flatMap((field) => {
    const text = typed[field.name]
    return text ? [[field.name, sent(text, field)] as const] : []
  })
  const { frames, chunk, frame_order } = typed
  return {
    ...(parent !== 0 && { parent }),
    ...Object.fromEntries(said),
    ...(frames && { frames }),
    ...(chunk && { chunk: Number(chunk) }),
    ...(frame_order && { frame_order }),
  }
}
