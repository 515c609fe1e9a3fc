import { Link } from 'wouter'
import { JobName, WorkerLink } from './JobName.tsx'
import { useWhy } from './useWhy.ts'
import { type Piece, piecesOf } from './words.ts'

/** Why the job is in its state: all the reasons, and what they name a click away. */
export function Reasons({ id }: { id: number }) {
  const { data, error } = useWhy(id)
  if (error) return <p className="why">{error.message}</p>
  if (!data) return <p className="why" />
  return (
    <ul className="why" aria-label={`Why it is ${data.state}`} aria-live="polite">
      {data.reasons.length === 0 ? (
        <li>{data.text}</li>
      ) : (
        data.reasons.map((reason, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two reasons can be of one kind, and in their order they stay.
          <li key={`${reason.kind} ${i}`} data-kind={reason.kind}>
            {piecesOf(reason).map((piece, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a text in its order.
              <Named key={at} piece={piece} />
            ))}
          </li>
        ))
      )}
    </ul>
  )
}

function Named({ piece }: { piece: Piece }) {
  if (typeof piece === 'string') return piece
  if ('job' in piece) return <JobName id={piece.job}>{piece.text}</JobName>
  if ('worker' in piece) return <WorkerLink name={piece.worker} />
  if ('limit' in piece)
    return (
      <Link href="/farm/overview" title="The limits of the farm, and their use">
        {piece.limit}
      </Link>
    )
  return (
    <Link href={`/farm/workers?${new URLSearchParams({ q: `affinity:${piece.need}` })}`} title="Workers that have it">
      {piece.need}
    </Link>
  )
}
