import type { AuditRecord } from '../../models.ts'
import { Dialog } from '../parts/Dialog.tsx'
import { actionOf, changeText, objectsOf, whoOf } from './words.ts'

const WHEN = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' })

interface RecordDialogProps {
  record: AuditRecord | undefined
  onClose(): void
}

/** All that a record says: a row of the table cuts it off. */
export function RecordDialog({ record, onClose }: RecordDialogProps) {
  return (
    <Dialog title={record ? actionOf(record) : ''} open={record !== undefined} onClose={onClose}>
      {record && (
        <div className="record">
          <dl>
            <dt>When</dt>
            <dd>{WHEN.format(record.time * 1000)}</dd>
            <dt>Who</dt>
            <dd>
              {whoOf(record)}
              {record.by && `, by ${record.by}`}
              {record.address && `, from ${record.address}`}
            </dd>
            <dt>What</dt>
            <dd>{objectsOf(record) || record.kind}</dd>
          </dl>
          {record.changes.length > 0 && (
            <ul>
              {record.changes.map((change) => (
                <li key={`${change.object} ${change.field} ${change.before}`}>
                  {record.count > 1 && <b>{change.object} </b>}
                  {changeText(change)}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </Dialog>
  )
}
