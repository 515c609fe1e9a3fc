import { useCallback, useMemo, useRef, useState } from 'react'
import { serverNow } from '../data/clock.ts'
import { FilterLine, type FilterOffers } from '../jobs/FilterLine.tsx'
import { parseFilter } from '../jobs/filter.ts'
import { plural } from '../parts/format.ts'
import { ColumnChooser } from '../table/ColumnChooser.tsx'
import { useColumns } from '../table/columns.ts'
import { Grid } from '../table/Grid.tsx'
import { linesOf } from '../table/listed.ts'
import { kept, nothing, type Selection } from '../table/selection.ts'
import { useListAddress } from '../table/useListAddress.ts'
import { AUDIT_COLUMNS, AuditCells, auditRows } from './columns.tsx'
import { AUDIT_FILTERS, AUDIT_WORDS, auditQuery } from './filter.ts'
import { RecordDialog } from './RecordDialog.tsx'
import { useAudit } from './useAudit.ts'
import { actionOf } from './words.ts'

const OFFERS: FilterOffers = {
  names: AUDIT_FILTERS,
  once: AUDIT_FILTERS,
  words: AUDIT_WORDS,
  placeholder: 'Filter: text, who:ann, action:jobs, job:12, since:2h',
  hint: 'Text; who:, action:jobs or jobs.edit, job:12, worker:, user:, kind:, object:, from:10.1.2.3, outcome:refused, since:2h, until:2026-12-24',
}
/** Rows before the end at which more are asked for. */
const NEAR = 60

/** Who changed what; for who looks after people (sections.ts). */
export function AuditView() {
  const { filter: line, onFilter } = useListAddress()
  const query = useMemo(() => auditQuery(parseFilter(line, AUDIT_FILTERS), serverNow()), [line])
  const { ids, error, isPending, more, askMore } = useAudit(query)
  const [selected, setSelected] = useState<Selection<number>>(nothing)
  const [opened, setOpened] = useState<number>()
  const model = useColumns('audit', AUDIT_COLUMNS)
  const lines = useMemo(() => linesOf(ids), [ids])
  const selection = useMemo(() => kept(selected, lines), [selected, lines])
  const end = useRef({ lines, more, askMore })
  end.current = { lines, more, askMore }
  const onVisible = useCallback((keys: readonly number[]) => {
    const { lines, more, askMore } = end.current
    const last = keys.at(-1)
    if (more && last !== undefined && lines.indexOf(last) >= lines.count - NEAR) askMore()
  }, [])
  return (
    <div className="view">
      <h1 className="unseen">Audit</h1>
      <div className="view-head">
        <FilterLine line={line} onChange={onFilter} offers={OFFERS} />
        <ColumnChooser model={model} />
      </div>
      {error && (
        <p className="form-error" role="alert">
          {error.message}
        </p>
      )}
      <Grid
        label="Audit"
        model={model}
        lines={lines}
        cells={AuditCells}
        selection={selection}
        onSelect={setSelected}
        sort={undefined}
        onSort={unsorted}
        onVisible={onVisible}
        textOf={(id) => {
          const record = auditRows.get(id)
          return record && actionOf(record)
        }}
        onKey={(event) => {
          if (event.key !== 'Enter' || selection.active === undefined) return false
          setOpened(selection.active)
          return true
        }}
        onOpen={setOpened}
        by={line}
        empty={isPending ? '' : line ? 'No record passes the filter.' : 'Nothing was changed yet.'}
      />
      <footer className="totals">
        <span>
          {more ? `The newest ${plural(ids.length, 'record')}; scroll for more` : plural(ids.length, 'record')}
        </span>
        <span className="wide-only">Enter or a double click: all that a record says.</span>
      </footer>
      <RecordDialog
        record={opened === undefined ? undefined : auditRows.get(opened)}
        onClose={() => setOpened(undefined)}
      />
    </div>
  )
}

/** They are in the order in which they happened. */
const unsorted = () => undefined
