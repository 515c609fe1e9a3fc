/** All places of a text in a log, found by the server, a part of the log at a time. */
import { useEffect, useState } from 'react'
import { logMatches } from '../../data/jobCalls.ts'

/** More are not walked through one by one. */
const MOST = 10_000
/** Typed before it is looked for. */
const TYPING_MS = 200

export interface Found {
  text: string
  offsets: readonly number[]
  /** Where the search is; the size of the log: at its end. */
  searched: number
  size: number
  error: string | undefined
  /** Searches that came to the end. */
  rounds: number
}

const NONE: Found = { text: '', offsets: [], searched: 0, size: 0, error: undefined, rounds: 0 }

/** `size`: how long the log is known to be; what is new in it is searched too. */
export function useFind(job: number, text: string, size: number, delay = TYPING_MS): Found & { full: boolean } {
  const [found, setFound] = useState(NONE)
  const known = found.text === text ? found : NONE
  const full = known.offsets.length >= MOST
  const { rounds } = known
  const grown = text !== '' && !full && size > known.searched
  // What is known changes while it searches: only what is asked for, and the end of a search, begin another one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  useEffect(() => {
    if (!grown) return
    const gone = new AbortController()
    const timer = setTimeout(() => void search(), known.searched > 0 ? 1000 : delay)
    return () => {
      clearTimeout(timer)
      gone.abort()
    }

    async function search(): Promise<void> {
      let at: Found = { ...known, text }
      try {
        do {
          // What was not whole at the end of the log may be now.
          const from = Math.max(0, at.searched - text.length * 4 + 1, (at.offsets.at(-1) ?? -1) + 1)
          const answer = await logMatches(job, text, at.searched === 0 ? 0 : from, gone.signal)
          if (gone.signal.aborted) return
          at = {
            ...at,
            offsets: [...at.offsets, ...answer.offsets.filter((each) => each > (at.offsets.at(-1) ?? -1))],
            searched: answer.next,
            size: answer.size,
          }
          setFound(at)
        } while (at.searched < at.size && at.offsets.length < MOST)
        setFound({ ...at, rounds: at.rounds + 1 })
      } catch (error) {
        if (!gone.signal.aborted)
          setFound({ ...at, searched: Number.POSITIVE_INFINITY, error: (error as Error).message })
      }
    }
  }, [job, text, grown, delay, rounds])
  return { ...known, text, full }
}
