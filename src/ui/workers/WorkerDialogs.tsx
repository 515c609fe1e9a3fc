import { workerRows } from '../data/workers.ts'
import { Question } from '../parts/Dialog.tsx'
import { plural } from '../parts/format.ts'
import { useQuestion } from '../parts/useQuestion.ts'
import { deleteWorkers } from './actions.ts'
import { EditAffinity } from './EditAffinity.tsx'
import { asking } from './useWorkerCommands.ts'

export function WorkerDialogs() {
  const question = useQuestion(asking)
  const close = () => asking.set(undefined)
  if (question?.kind === 'edit') return <EditAffinity names={question.names} onClose={close} />
  if (question?.kind !== 'delete') return null
  const { names } = question
  const what = names.length === 1 ? names[0] : plural(names.length, 'worker')
  const running = names.filter((name) => workerRows.get(name)?.state === 'WORKING').length
  return (
    <Question
      title={`Delete ${plural(names.length, 'worker')}?`}
      text={[
        `${what} will be deleted; the history of the runs stays.`,
        running > 0 && `${plural(running, 'run')} will be stopped, and the jobs wait again.`,
        'A worker that speaks again is made anew, without its affinity.',
      ]
        .filter(Boolean)
        .join(' ')}
      yes={`Delete ${plural(names.length, 'worker')}`}
      open
      onYes={() => void deleteWorkers(names)}
      onClose={close}
    />
  )
}
