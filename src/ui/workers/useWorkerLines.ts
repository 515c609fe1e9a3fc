import { useMemo, useRef } from 'react'
import { useStore } from '../data/store.ts'
import { workerNames, workerNews, workerRows } from '../data/workers.ts'
import { parseFilter } from '../jobs/filter.ts'
import type { Sort } from '../table/Header.tsx'
import { inOrder, linesOf } from '../table/listed.ts'
import type { Lines } from '../table/selection.ts'
import { WORKER_COLUMNS } from './columns.tsx'
import { passes, WORKER_FILTERS } from './filter.ts'

export interface WorkerLines {
  lines: Lines<string>
  names: readonly string[]
  /** Whether the server has said which workers there are. */
  known: boolean
}

/** The workers that the filter lets through, in order; the same object while these are the same. */
export function useWorkerLines(filter: string, sort: Sort | undefined): WorkerLines {
  const all = useStore(workerNames)
  const news = useStore(workerNews)
  const before = useRef<WorkerLines>({ lines: linesOf<string>([]), names: [], known: false })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `news` says that the rows changed.
  return useMemo(() => {
    const asked = parseFilter(filter, WORKER_FILTERS)
    const rows = (all ?? []).flatMap((name) => workerRows.get(name) ?? []).filter((row) => passes(row, asked))
    const names = inOrder(rows, WORKER_COLUMNS, sort).map(({ name }) => name)
    const known = all !== undefined
    const { current } = before
    const same = names.length === current.names.length && names.every((name, i) => name === current.names[i])
    if (!same || known !== current.known) before.current = { lines: linesOf(names), names, known }
    return before.current
  }, [all, news, filter, sort])
}
