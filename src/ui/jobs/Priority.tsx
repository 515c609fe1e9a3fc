import { type PointerEvent, useRef } from 'react'
import type { Job } from '../../models.ts'
import { jobRows } from '../data/live.ts'
import { raiseJobs } from './actions.ts'

/** Pixels of a step, as far as a hand is steady. */
const STEP = 6

interface PriorityProps {
  job: Job
  peers(): readonly number[]
}

/** A number that is dragged, as in the programs that these jobs come from: right is higher, of all that are selected; Escape ends it. */
export function Priority({ job, peers }: PriorityProps) {
  const drag = useRef<{ x: number; by: number; ids: readonly number[]; letGo(): void }>(undefined)
  const dragged = useRef(false)
  const onPointerDown = (event: PointerEvent<HTMLSpanElement>) => {
    dragged.current = false
    // A finger scrolls.
    if (event.button !== 0 || event.pointerType === 'touch' || event.ctrlKey || event.shiftKey || event.metaKey) return
    event.currentTarget.setPointerCapture(event.pointerId)
    drag.current = { x: event.clientX, by: 0, ids: peers(), letGo: () => undefined }
    window.addEventListener('keydown', onEscape.current, true)
  }
  const onPointerMove = (event: PointerEvent) => {
    const { current } = drag
    if (!current) return
    const by = Math.trunc((event.clientX - current.x) / STEP) * (event.shiftKey ? 100 : event.altKey ? 1 : 10)
    if (by === current.by) return
    dragged.current = true
    current.letGo()
    current.by = by
    const hopes = current.ids.flatMap((id) => {
      const row = jobRows.get(id)
      return row ? jobRows.hope([id], { priority: row.priority + by }) : []
    })
    current.letGo = () => {
      for (const each of hopes) each()
    }
  }
  const stop = (send: boolean) => {
    const { current } = drag
    drag.current = undefined
    window.removeEventListener('keydown', onEscape.current, true)
    current?.letGo()
    if (send && current && current.by !== 0) void raiseJobs(current.ids, current.by)
  }
  const onEscape = useRef((event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    // The table would let go of what is selected.
    event.stopPropagation()
    stop(false)
  })
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys raise priorities by commands, Alt with arrows.
    // biome-ignore lint/a11y/noStaticElementInteractions: as above.
    <span
      className="priority"
      title="Drag to the right or left: 10 a step, 100 with Shift, 1 with Alt"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => stop(true)}
      onPointerCancel={() => stop(false)}
      onClick={(event) => dragged.current && event.stopPropagation()}
    >
      {job.priority}
    </span>
  )
}
