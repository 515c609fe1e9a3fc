import { Question } from '../parts/Dialog.tsx'
import { plural } from '../parts/format.ts'
import { useQuestion } from '../parts/useQuestion.ts'
import { AddUser } from './AddUser.tsx'
import { deleteUsers } from './actions.ts'
import { EditUser } from './EditUser.tsx'
import { asking } from './useUserCommands.ts'
import { whoIs } from './words.ts'

const close = () => asking.set(undefined)

/** The dialogs of the view, one at a time. */
export function UserDialogs() {
  const question = useQuestion(asking)
  if (question?.kind === 'add') return <AddUser onClose={close} />
  if (question?.kind === 'edit') return <EditUser key={question.name} name={question.name} onClose={close} />
  if (question?.kind !== 'delete') return null
  const { names } = question
  const [only] = names
  const title = names.length === 1 ? `Delete ${only}?` : `Delete ${plural(names.length, 'user')}?`
  return (
    <Question
      title={title}
      text={`${whoIs(names)} cannot sign in any more: sessions end, and tokens are deleted. Their jobs stay.`}
      yes={title.slice(0, -1)}
      open
      onYes={() => void deleteUsers(names)}
      onClose={close}
    />
  )
}
