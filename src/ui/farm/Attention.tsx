import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { AttentionItem } from '../../answers.ts'
import { farmAttention } from '../data/calls.ts'
import { useNow } from '../data/clock.ts'
import { farm } from '../data/live.ts'
import { count, duration } from '../parts/format.ts'
import { JobLink } from '../parts/JobLink.tsx'
import { Problem } from '../parts/Problem.tsx'
import { type AnyState, StateMark } from '../parts/StateMark.tsx'
import { useNews } from '../parts/useNews.ts'

const KEY = ['attention']
const AGAIN_MS = 2000
/** That a run is slow is no event: time passes. */
const ANYHOW_MS = 30_000

const KINDS: Record<AttentionItem['kind'], { state: AnyState; title: string }> = {
  worker_errors: { state: 'ERROR', title: 'Workers with errors in a row' },
  worker_silent: { state: 'TIMEOUT', title: 'Silent workers' },
  job_errors: { state: 'ERROR', title: 'Jobs that failed in the last hour' },
  run_slow: { state: 'PENDING', title: 'Runs slower than their siblings' },
}

/** What a wrangler should look at, worst first, as the server words it. */
export function Attention() {
  const { data, error } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => farmAttention(signal),
    staleTime: 0,
    refetchInterval: ANYHOW_MS,
  })
  useNews(farm, KEY, AGAIN_MS)
  const kinds = data ? (Object.keys(KINDS) as AttentionItem['kind'][]).filter((kind) => data.totals[kind] > 0) : []
  return (
    <section className="card attention" aria-labelledby="needs a look">
      <header className="card-head">
        <h2 id="needs a look">Needs a look</h2>
      </header>
      <Problem words={error?.message} />
      {data && kinds.length === 0 && <p className="card-empty">Nothing does: no errors in a row, nobody is silent.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to get there. */}
      <div className="card-scroll" tabIndex={0} role="region" aria-labelledby="needs a look">
        {data &&
          kinds.map((kind) => {
            const items = data.items.filter((item) => item.kind === kind)
            const more = data.totals[kind] - items.length
            return (
              <section key={kind}>
                <h3>
                  {KINDS[kind].title} <span>{count(data.totals[kind])}</span>
                </h3>
                <ul>
                  {items.map((item) => (
                    <Item key={`${item.worker} ${item.job} ${item.run}`} item={item} />
                  ))}
                  {more > 0 && <li className="dim">and {count(more)} more</li>}
                </ul>
              </section>
            )
          })}
      </div>
    </section>
  )
}

function Item({ item: { kind, text, worker, job, since } }: { item: AttentionItem }) {
  const now = useNow()
  return (
    <li>
      <StateMark state={KINDS[kind].state} />
      <span className="attention-text" title={text}>
        {text}
      </span>
      <span>{worker && <Link href={`/farm/workers?worker=${encodeURIComponent(worker)}`}>{worker}</Link>}</span>
      <span>{job !== undefined && <JobLink id={job} title={undefined} />}</span>
      <span className="dim">{duration(Math.max(0, now - since))}</span>
    </li>
  )
}
