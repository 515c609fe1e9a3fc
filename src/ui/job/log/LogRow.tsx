import { memo } from 'react'
import { segments, styled } from './ansi.ts'
import { cutOf, type Row } from './window.ts'

/** What the server begins its own lines with. */
export const OWN = '[coalition] '

interface LogRowProps {
  row: Row
  /** Pixels from the top. */
  start: number
  /** 0: lines are not wrapped. */
  columns: number
  needle: string
  /** Where in the log the match is that is shown. */
  shown: number | undefined
}

/** One row of text. Whatever a run printed is text: it is never read as HTML. */
export const LogRow = memo(
  function LogRow({ row, start, columns, needle, shown }: LogRowProps) {
    const line = styled(row.text)
    const [from, to] = cutOf(line.text, row.part, columns)
    const here = shown !== undefined && shown >= row.offset && shown < row.offset + row.text.length + 1
    return (
      <div
        className="log-row"
        data-own={row.text.startsWith(OWN) ? (row.part === 0 ? 'first' : 'more') : undefined}
        data-here={here || undefined}
        style={{ transform: `translateY(${start}px)` }}
      >
        {segments(line, from, to, needle).map(({ text, className, mark }, i) =>
          mark ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text, in their order.
            <mark key={i}>{text}</mark>
          ) : className ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text, in their order.
            <span key={i} className={className}>
              {text}
            </span>
          ) : (
            text
          ),
        )}
      </div>
    )
  },
  (a, b) =>
    a.row.text === b.row.text &&
    a.row.offset === b.row.offset &&
    a.row.part === b.row.part &&
    a.start === b.start &&
    a.columns === b.columns &&
    a.needle === b.needle &&
    a.shown === b.shown,
)
