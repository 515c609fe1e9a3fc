/** Above the log: find, the begins of runs, where one is, and how it is shown. */
import { type Ref, useEffect, useState } from 'react'
import { logFile } from '../../data/jobCalls.ts'
import { count } from '../../parts/format.ts'
import { Icon } from '../../parts/Icon.tsx'
import { bytesWord } from './bytes.ts'
import type { Found } from './useFind.ts'

interface LogBarProps {
  job: number
  input: Ref<HTMLInputElement>
  text: string
  onText(text: string): void
  found: Found & { full: boolean }
  /** Which of those found is shown; −1: none. */
  current: number
  onFind(direction: -1 | 1): void
  runs: readonly number[]
  onRun(direction: -1 | 1): void
  place: number
  size: number
  onPlace(offset: number): void
  onStart(): void
  onEnd(): void
  wrap: boolean
  onWrap(wrap: boolean): void
  follow: boolean
  onFollow(follow: boolean): void
}

export function LogBar(props: LogBarProps) {
  const { job, input, text, onText, found, current, onFind, runs, onRun, wrap, onWrap, follow, onFollow } = props
  return (
    <div className="log-bar">
      <div className="log-find" role="search">
        <Icon name="search" />
        <input
          ref={input}
          value={text}
          aria-label="Find in the log"
          placeholder="Find"
          spellCheck={false}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') onFind(event.shiftKey ? -1 : 1)
            else if (event.key === 'Escape') onText('')
          }}
        />
        <output className="log-count" title={found.error}>
          {wordsOf(found, current)}
        </output>
        <IconButton name="up" label="Previous match" off={found.offsets.length === 0} onClick={() => onFind(-1)} />
        <IconButton name="down" label="Next match" off={found.offsets.length === 0} onClick={() => onFind(1)} />
      </div>
      {runs.length > 0 && (
        <span className="log-runs" title="Lines of the server's own, which part the runs">
          <IconButton name="up" label="Run before" onClick={() => onRun(-1)} />
          <IconButton name="down" label="Run after" onClick={() => onRun(1)} />
          {count(runs.length)} run {runs.length === 1 ? 'mark' : 'marks'}
        </span>
      )}
      <Place {...props} />
      <label>
        <input type="checkbox" checked={wrap} onChange={(event) => onWrap(event.target.checked)} /> Wrap
      </label>
      <label>
        <input type="checkbox" checked={follow} onChange={(event) => onFollow(event.target.checked)} /> Follow
      </label>
      <a className="button" href={logFile(job)} download={`job-${job}.log`}>
        Download
      </a>
    </div>
  )
}

function wordsOf({ text, offsets, searched, size, full, error }: LogBarProps['found'], current: number): string {
  if (text === '') return ''
  if (error !== undefined) return 'not searched'
  const all = `${count(offsets.length)}${full ? '+' : ''}`
  const number = current >= 0 ? `${count(current + 1)} of ${all}` : all
  return !full && searched < size ? `${number}, ${Math.floor((100 * searched) / size)}% searched` : number
}

function IconButton({
  name,
  label,
  off,
  onClick,
}: {
  name: 'up' | 'down'
  label: string
  off?: boolean
  onClick(): void
}) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} disabled={off} onClick={onClick}>
      <Icon name={name} />
    </button>
  )
}

/** Moved, and not yet let go of, it asks for nothing. */
const SETTLE_MS = 120

function Place({ place, size, onPlace, onStart, onEnd }: LogBarProps) {
  const [moving, setMoving] = useState<number>()
  useEffect(() => {
    if (moving === undefined) return
    const timer = setTimeout(() => {
      setMoving(undefined)
      onPlace(moving)
    }, SETTLE_MS)
    return () => clearTimeout(timer)
  }, [moving, onPlace])
  const at = moving ?? place
  return (
    <span className="log-place">
      <button type="button" className="button" aria-label="Top of the log" onClick={onStart}>
        Top
      </button>
      <input
        type="range"
        aria-label="Place in the log"
        aria-valuetext={`${bytesWord(at)} of ${bytesWord(size)}`}
        min={0}
        max={Math.max(1, size)}
        step={Math.max(1, Math.floor(size / 1000))}
        value={at}
        onChange={(event) => setMoving(Number(event.target.value))}
      />
      <button type="button" className="button" aria-label="End of the log" onClick={onEnd}>
        End
      </button>
      <span className="log-size">
        {bytesWord(at)} of {bytesWord(size)}
      </span>
    </span>
  )
}
