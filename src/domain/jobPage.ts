import type { Core } from './core.ts'
import { listFrames } from './frameStates.ts'
import { type LogRange, readLogBytes } from './logReader.ts'
import { searchLog } from './logSearch.ts'
import { neighbours } from './neighbours.ts'
import { jobRow } from './rows.ts'
import { runsBelow } from './runsBelow.ts'

/** What the page of one job asks the farm beside the job. */
export const jobPage = (core: Core, now: () => number) => ({
  listFrames: (id: number) => listFrames(core, id),
  neighbours: (id: number, steps: number) => neighbours(core, id, steps),
  runsBelow: (id: number, limit: number) => runsBelow(core, now(), id, limit),
  readLogBytes: (id: number, range: Omit<LogRange, 'tail'>) => readLogBytes(core, jobRow(core, id).id, range),
  searchLog: (id: number, text: string, offset: number) => searchLog(core, jobRow(core, id).id, text, offset),
})
