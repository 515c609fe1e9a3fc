/** The server's reasons as words and the things that they name. Pure. */
import type { WhyReason } from '../../answers.ts'
import { dateOf } from './facts.ts'

export type Piece = string | { job: number; text: string } | { worker: string } | { limit: string } | { need: string }

/**
 * Cuts what a reason names out of its words: jobs by their numbers, workers, limits and needs by their names. A time is said as
 * it is where somebody reads it.
 */
export function piecesOf({ text: said, since, worker, workers, limit, needs }: WhyReason): Piece[] {
  const text = since === undefined ? said : said.replace(new Date(since * 1000).toISOString(), dateOf(since))
  const names = new Map<string, Piece>()
  for (const name of needs ?? []) names.set(name, { need: name })
  if (limit) names.set(limit, { limit })
  for (const name of [...(workers ?? []), ...(worker ? [worker] : [])]) names.set(name, { worker: name })
  const known = [...names.keys()].sort((a, b) => b.length - a.length).map((name) => RegExp.escape(name))
  const words = String.raw`(?<![\p{L}\p{N}_-])(?:${['(?:any of )?(?:job|group) \\d+', ...known].join('|')})(?![\p{L}\p{N}_-])`
  const pieces: Piece[] = []
  let at = 0
  for (const found of text.matchAll(new RegExp(words, 'gu'))) {
    if (found.index > at) pieces.push(text.slice(at, found.index))
    const [word] = found
    const job = /^(?:any of )?(?:job|group) (\d+)$/.exec(word)
    pieces.push(names.get(word) ?? (job ? { job: Number(job[1]), text: word } : word))
    at = found.index + word.length
  }
  if (at < text.length) pieces.push(text.slice(at))
  return pieces
}
