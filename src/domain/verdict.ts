/** What the output of a run says of its end, whatever its exit code: `fatal` and `success` of its job. */
import type { RE2JS } from 're2js'
import type { JobRow } from '../db/schema.ts'
import { linePattern } from './patterns.ts'
import type { RunEnd } from './states.ts'

/** Of one report so much is searched, from its end: a flood must not cost more than a tenth of a second. */
const SEARCHED = 1024 * 1024
/** A line is looked at so far. */
const LONGEST_LINE = 16 * 1024
export function verdictOf({ fatal, success }: Pick<JobRow, 'fatal' | 'success'>): Verdict | undefined {
  return fatal === '' && success === '' ? undefined : new Verdict(fatal, success)
}

/** Reads the output of one run line by line, in whatever chunks it comes. */
export class Verdict {
  /** The line that `fatal` matched. */
  fatalLine: string | undefined
  succeeded = false
  #fatal: RE2JS | undefined
  #success: RE2JS | undefined
  #line = ''
  #decoder = new TextDecoder()

  constructor(fatal: string, success: string) {
    this.#fatal = fatal === '' ? undefined : linePattern(fatal, 'fatal')
    this.#success = success === '' ? undefined : linePattern(success, 'success')
  }

  read(chunk: Uint8Array): void {
    if (chunk.byteLength > SEARCHED) this.#line = ''
    const lines = (this.#line + this.#decoder.decode(chunk.subarray(-SEARCHED), { stream: true })).split(/[\r\n]/)
    this.#line = (lines.pop() ?? '').slice(0, LONGEST_LINE)
    for (const line of lines) this.#judge(line)
  }

  /** The run is over: its last line may have no end. */
  finish(): void {
    if (this.#line !== '') this.#judge(this.#line)
    this.#line = ''
  }

  #judge(whole: string): void {
    if (whole === '') return
    const line = whole.slice(0, LONGEST_LINE)
    if (this.fatalLine === undefined && this.#fatal?.matcher(line).find()) this.fatalLine = line
    if (!this.succeeded && this.#success?.matcher(line).find()) this.succeeded = true
  }
}

/** How a run ended, and the words for its log where that is not what its exit code says. */
export interface Judgement {
  end: Extract<RunEnd, 'FINISHED' | 'ERROR'>
  note?: string
}

/**
 * A line that `fatal` matches fails a run whatever it answers; a line that `success` matches makes a bad exit code a good
 * one; a run that ended well too soon (`min_run_time`) has done nothing, and failed.
 */
export function judge(
  exitCode: number,
  seconds: number,
  { min_run_time }: Pick<JobRow, 'min_run_time'>,
  verdict: Pick<Verdict, 'fatalLine' | 'succeeded'> | undefined,
): Judgement {
  if (verdict?.fatalLine !== undefined)
    return { end: 'ERROR', note: `the output has a line that is fatal: ${verdict.fatalLine.slice(0, 200)}` }
  if (exitCode !== 0 && !verdict?.succeeded) return { end: 'ERROR' }
  if (seconds < min_run_time)
    return {
      end: 'ERROR',
      note: `the run took ${seconds} s, and fewer than min_run_time (${min_run_time} s) is a failure`,
    }
  if (exitCode === 0) return { end: 'FINISHED' }
  return { end: 'FINISHED', note: `the exit code was ${exitCode}, and the output has the line that says success` }
}
