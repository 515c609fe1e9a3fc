/** The log of a leaf: live, found in, and of any length. */

import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Job } from '../../../models.ts'
import { logBytes } from '../../data/jobCalls.ts'
import { remembered, useStore } from '../../data/store.ts'
import { stream, useWatch } from '../../data/stream.ts'
import { Problem } from '../../parts/Problem.tsx'
import { useSize } from '../../parts/useSize.ts'
import { useCommands } from '../../shell/commands.ts'
import { LogBar } from './LogBar.tsx'
import { LogRow, OWN } from './LogRow.tsx'
import { useFind } from './useFind.ts'
import { LogWindow } from './window.ts'

/** Pixels; log.css says the same. */
const ROW = 18
const PADDING = 24
/** Rows before the end of the window at which more is asked for. */
const AHEAD = 400

const wrapped = remembered('coalition.log.wrap', true)

export function LogView({ job }: { job: Job }) {
  const { id } = job
  const [log] = useState(() => new LogWindow((offset, limit) => logBytes(id, offset, limit)))
  const version = useStore(log.version)
  const wrap = useStore(wrapped)
  const scroller = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  const { width } = useSize(scroller)
  const letter = useLetter(scroller)
  const columns = wrap && width > 0 && letter > 0 ? Math.max(20, Math.floor((width - PADDING) / letter)) : 0
  const [follow, setFollow] = useState(true)
  const [text, setText] = useState('')
  const [current, setCurrent] = useState(-1)
  const [place, setPlace] = useState(0)
  /** A place that is shown as soon as it is drawn. */
  const target = useRef<number | undefined>(undefined)
  const lastTop = useRef(0)
  const found = useFind(id, text, log.size)
  const runs = useFind(id, OWN, log.size, 0)

  const virtual = useVirtualizer({
    count: log.rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
    useFlushSync: false,
  })

  const show = useCallback(
    async (offset: number) => {
      target.current = offset
      if (log.rowOf(offset) < 0 || offset >= log.end) await log.goTo(offset)
      else log.version.set(log.version.get() + 1)
    },
    [log],
  )
  const toEnd = useCallback(() => {
    setFollow(true)
    void log.goTo(Number.MAX_SAFE_INTEGER)
  }, [log])
  const jump = useCallback(
    (offset: number) => {
      setFollow(false)
      void show(offset)
    },
    [show],
  )
  useEffect(() => toEnd(), [toEnd])
  useFollow(log, id, follow)

  // Another width is another row for each place: the one that was on top stays there.
  const latest = useRef({ place, follow })
  latest.current = { place, follow }
  useLayoutEffect(() => {
    if (!latest.current.follow) target.current ??= latest.current.place
    log.wrap(columns)
  }, [log, columns])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the window is another one.
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const shift = log.takeShift()
    if (target.current !== undefined) {
      const row = log.rowOf(target.current)
      if (row >= 0) {
        element.scrollTop = Math.max(0, row * ROW - Math.floor(element.clientHeight / 3))
        target.current = undefined
      }
    } else if (follow) element.scrollTop = element.scrollHeight
    else if (shift !== 0) element.scrollTop += shift * ROW
    lastTop.current = element.scrollTop
    setPlace(log.row(Math.floor(element.scrollTop / ROW))?.offset ?? 0)
  }, [version, follow, log, columns, width])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const { scrollTop, clientHeight, scrollHeight } = element
    const atEnd = scrollTop + clientHeight >= scrollHeight - 2
    if (scrollTop < lastTop.current - 1 && !atEnd) setFollow(false)
    else if (scrollTop > lastTop.current + 1 && atEnd && log.end >= log.size) setFollow(true)
    lastTop.current = scrollTop
    const first = Math.floor(scrollTop / ROW)
    setPlace(log.row(first)?.offset ?? 0)
    if (first < AHEAD) void log.more(-1)
    if (log.rows - first - clientHeight / ROW < AHEAD) void log.more(1)
  }

  const step = (places: readonly number[], direction: -1 | 1, from: number): number => {
    if (places.length === 0) return -1
    const after = places.findIndex((each) => each > from)
    if (direction > 0) return Math.max(0, after)
    const before = places.findLastIndex((each) => each < from)
    return before < 0 ? places.length - 1 : before
  }
  const find = (direction: -1 | 1) => {
    const { offsets } = found
    const next =
      current >= 0 && current < offsets.length
        ? (current + direction + offsets.length) % offsets.length
        : step(offsets, direction, place - 1)
    const offset = offsets[next]
    setCurrent(next)
    if (offset !== undefined) jump(offset)
  }
  const marked = useRef(-1)
  const toRun = (direction: -1 | 1) => {
    const from = marked.current >= 0 ? marked.current : place
    const offset = runs.offsets[step(runs.offsets, direction, from)]
    if (offset === undefined) return
    marked.current = offset
    jump(offset)
  }
  const commands = useMemo(
    () => [
      {
        id: 'find in log',
        label: 'Find in the log',
        group: 'Log',
        keys: 'Ctrl+F',
        always: true,
        run: () => input.current?.select(),
      },
      { id: 'log start', label: 'Top of the log', group: 'Log', run: () => jump(0) },
      { id: 'log end', label: 'End of the log, and follow it', group: 'Log', run: toEnd },
      { id: 'log wrap', label: 'Wrap long lines, or not', group: 'Log', run: () => wrapped.set(!wrapped.get()) },
    ],
    [jump, toEnd],
  )
  useCommands(commands)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Home') jump(0)
    else if (event.key === 'End') toEnd()
    else return
    event.preventDefault()
  }
  const shown = current >= 0 ? found.offsets[current] : undefined
  return (
    <div className="log">
      <LogBar
        job={id}
        input={input}
        text={text}
        onText={(next) => {
          setText(next)
          setCurrent(-1)
        }}
        found={found}
        current={current}
        onFind={find}
        runs={runs.offsets}
        onRun={toRun}
        place={follow ? log.size : place}
        size={log.size}
        onPlace={jump}
        onStart={() => jump(0)}
        onEnd={toEnd}
        wrap={wrap}
        onWrap={(next) => wrapped.set(next)}
        follow={follow}
        onFollow={(next) => (next ? toEnd() : setFollow(false))}
      />
      <Problem words={log.error?.message} />
      <div
        ref={scroller}
        className="log-lines"
        role="log"
        aria-live="off"
        aria-label="Log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to get there.
        tabIndex={0}
        data-wrap={wrap}
        onScroll={onScroll}
        onWheel={(event) => event.deltaY < 0 && setFollow(false)}
        onKeyDown={onKeyDown}
      >
        <div className="log-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = log.row(index)
            return row && <LogRow key={index} row={row} start={start} columns={columns} needle={text} shown={shown} />
          })}
        </div>
        {log.size === 0 && !log.error && (
          <p className="nothing">{job.run_done > 0 ? 'It printed nothing.' : 'Nothing was printed yet.'}</p>
        )}
      </div>
    </div>
  )
}

/** The width of a letter of the log, in pixels. */
function useLetter(scroller: { readonly current: HTMLDivElement | null }): number {
  const [letter, setLetter] = useState(0)
  useEffect(() => {
    const probe = document.createElement('span')
    probe.className = 'log-probe'
    probe.textContent = '0'.repeat(100)
    scroller.current?.append(probe)
    setLetter(probe.getBoundingClientRect().width / 100)
    probe.remove()
  }, [scroller])
  return letter
}

/** What comes to the end of the log is told by the stream, while somebody is there to see it. */
function useFollow(log: LogWindow, job: number, follow: boolean): void {
  const version = useStore(log.version)
  const connection = useStore(stream.connection)
  const [since, setSince] = useState<number>()
  const ready = version > 0
  // A new connection begins where the window ends by then, and not where the one before began.
  useEffect(() => {
    setSince(follow && ready && connection === 'live' ? log.end : undefined)
  }, [log, follow, ready, connection])
  useWatch({ logs: since === undefined ? [] : [{ job, offset: since }] })
  useEffect(
    () =>
      stream.listen(({ logs }) => {
        for (const piece of logs ?? [])
          if (piece.job === job && !log.feed(piece.offset, piece.next, piece.text)) void log.more(1)
      }),
    [log, job],
  )
}
