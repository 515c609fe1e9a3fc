import { Question } from '../parts/Dialog.tsx'
import { plural } from '../parts/format.ts'
import { useQuestion } from '../parts/useQuestion.ts'
import { AddJob } from './AddJob.tsx'
import { deleteJobs } from './actions.ts'
import { asking, whatGoes } from './asking.ts'
import { EditJobs } from './EditJobs.tsx'

/** The dialogs of the view, one at a time. */
export function JobQuestions() {
  const question = useQuestion(asking)
  const close = () => asking.set(undefined)
  if (question?.kind === 'add') return <AddJob parent={question.parent} open onClose={close} />
  if (question?.kind === 'edit') return <EditJobs ids={question.ids} common={question.common} onClose={close} />
  if (question?.kind !== 'delete') return null
  const { ids } = question
  return (
    <Question
      title={`Delete ${plural(ids.length, 'job')}?`}
      text={whatGoes(question)}
      yes={`Delete ${plural(ids.length, 'job')}`}
      open
      onYes={() => void deleteJobs(ids)}
      onClose={close}
    />
  )
}
