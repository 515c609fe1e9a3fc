import type { Event, Job, Worker } from '../../models.ts'

/** Whether something signs in for a user. */
export type UserState = 'ACTIVE' | 'DISABLED'
export type AnyState = Job['state'] | Worker['state'] | Event['state'] | UserState

/** One shape a state: the colour says it too, but nobody has to see it. */
export const STATE_SHAPES: Record<AnyState, string> = {
  WAITING: 'M8 3.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9',
  PENDING: 'M4.5 3h7M4.5 13h7M5.5 3c0 3 5 7 5 10M10.5 3c0 3-5 7-5 10',
  PAUSED: 'M5.5 3.500v9M10.5 3.500v9',
  WORKING: 'M4.5 3l8.5 5-8.5 5z',
  FINISHED: 'M3 8.500l3.5 3.500L13 4.5',
  ERROR: 'M4 4l8 8M12 4l-8 8',
  STOPPED: 'M4 4h8v8H4z',
  LOST: 'M8 3v6M8 12.500v.01',
  TIMEOUT: 'M8 3v6M8 12.500v.01',
  STARTING: 'M8 13V4M4 7.500L8 3.500l4 4',
  TERMINATED: 'M3.5 8h9',
  ACTIVE: 'M8 3.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9',
  DISABLED: 'M8 3a5 5 0 1 1 0 10a5 5 0 1 1 0-10M4.5 4.5l7 7',
}
const SOLID: readonly AnyState[] = ['WORKING', 'STOPPED']
export const isSolid = (state: AnyState): boolean => SOLID.includes(state)

/** A state's sign and word. */
export function StateMark({ state }: { state: AnyState }) {
  return (
    <span className="state" data-state={state}>
      <svg className="icon" data-solid={isSolid(state)} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d={STATE_SHAPES[state]} />
      </svg>
      <span className="state-word">{state}</span>
    </span>
  )
}
