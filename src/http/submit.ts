import { Value } from '@sinclair/typebox/value'
import { Elysia } from 'elysia'
import { FarmError, invalid } from '../errors.ts'
import type { Farm } from '../farm.ts'
import { JobInput } from '../models.ts'
import { parseJson, readForm, refuseText } from './body.ts'
import { claim } from './claims.ts'
import { documented } from './documented.ts'
import type { Guard } from './guard.ts'
import { json } from './json.ts'
import { idsIn } from './oldInput.ts'
import { refuseHead } from './problems.ts'
import { noteRefused } from './recording.ts'
import { misfit } from './words.ts'

const NO_ID = -1

/** A submitter's words: form fields, the query, or a JSON object. */
type Words = Map<string, string>

function wordsOf(url: string, body: unknown): Words {
  const words: Words = new Map(new URL(url).searchParams)
  if (typeof body !== 'string' || body.trim() === '') return words
  if (!body.trimStart().startsWith('{')) {
    for (const [name, value] of new URLSearchParams(body)) words.set(name, value)
    if (!words.keys().some((name) => WORDS.has(name))) throw invalid('body', strangeWords(body))
    return words
  }
  for (const [name, value] of Object.entries(parseJson(body) as object))
    if (value !== null) words.set(name, wordOf(name, value))
  return words
}

/** What says none of these is no job that means nothing, but something else: XML, a list, a form in parts without its type. */
const WORDS = new Set([
  ...['parent', 'title', 'cmd', 'command', 'dir', 'env', 'environment', 'priority', 'timeout', 'retry', 'affinity'],
  ...['dependencies', 'localprogress', 'globalprogress', 'progress_pattern', 'url', 'user', 'state', 'paused'],
])
const strangeWords = (body: string) =>
  `The body '${body.slice(0, LONGEST_SHOWN).toWellFormed()}' says nothing of a job: write fields of a form, as title=Job&cmd=echo, or a JSON object.`
const LONGEST_SHOWN = 80

function wordOf(name: string, value: unknown): string {
  const items: unknown[] = Array.isArray(value) ? value : [value]
  if (items.some((item) => typeof item === 'object'))
    throw invalid(name, `${name} is neither a text nor a list of texts.`)
  return items.join(',')
}

/** What a worker takes as it stands: a command with a sign lost means something else, and may do it to another file. */
const RUN = ['cmd', 'command', 'dir', 'env', 'environment']

function refuseGarbled(name: string, text: string | undefined): void {
  if (text?.includes('\ufffd'))
    throw invalid(name, `${name} is not UTF-8: encode the text as UTF-8 before it is escaped, é as %C3%A9.`)
}

function integerIn(words: Words, name: string): number | undefined {
  const text = words.get(name)?.trim()
  if (!text) return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw invalid(name, `${name} is '${text}': write an integer.`)
  return number
}

/** What `title|title` names, from the root down; a number is the id itself. */
function parentIn(farm: Farm, words: Words): number {
  const text = words.get('parent')?.trim() ?? ''
  if (text === '') return 0
  if (/^\d+$/.test(text)) return Number(text)
  return farm.findGroup(text.split('|').map((title) => title.trim()))
}

function inputOf(farm: Farm, words: Words): JobInput {
  const word = (...names: string[]) => names.map((name) => words.get(name)).find((value) => value !== undefined)
  const paused = word('paused')?.toLowerCase()
  /** Python's urlencode writes None as a word: `control.py` does so of the patterns that nobody gave it. */
  const given = (...names: string[]) => names.map((name) => words.get(name)).find((value) => value && value !== 'None')
  return {
    parent: parentIn(farm, words),
    title: word('title') ?? 'New job',
    command: word('cmd', 'command') ?? '',
    dir: word('dir') || '.',
    environment: given('env', 'environment') ?? '',
    priority: integerIn(words, 'priority'),
    timeout: integerIn(words, 'timeout'),
    retry: integerIn(words, 'retry'),
    affinity: word('affinity') ?? '',
    user: word('user') ?? '',
    url: word('url') ?? '',
    progress_pattern: given('localprogress', 'progress_pattern', 'globalprogress') ?? '',
    dependencies: idsIn(word('dependencies') ?? ''),
    paused: paused === '1' || paused === 'true' || word('state')?.toUpperCase() === 'PAUSED',
  }
}

function checked(input: JobInput): JobInput {
  const error = Value.Errors(JobInput, input).First()
  if (error) throw misfit(error, input)
  return input
}

/** `/xmlrpc/addjob` and `/json/addjob`, which old submitters call by GET or POST: the id of the job, or -1. */
export const submitRoutes = (farm: Farm, guard: Guard) => {
  async function addJob(request: Request, body: unknown): Promise<Response> {
    try {
      const words = wordsOf(request.url, body)
      for (const [name, word] of words) refuseText(name, word)
      for (const name of RUN) refuseGarbled(name, words.get(name))
      const input = checked(inputOf(farm, words))
      claim(guard.visitorOf(request), guard.doors.commands, input)
      return json(await farm.addJob(input))
    } catch (error) {
      if (!(error instanceof FarmError)) throw error
      // The protocol has one way to say no; the reason goes where a person can find it.
      if (error.kind === 'forbidden') noteRefused()
      console.error(`a job was refused: ${error.message}`)
      return json(NO_ID)
    }
  }
  const app = new Elysia().onParse(readForm).onBeforeHandle(refuseHead)
  for (const path of ['/xmlrpc/addjob', '/json/addjob'])
    app
      .get(path, ({ request }) => addJob(request, undefined), { detail: { hide: true } })
      .post(path, ({ request, body }) => addJob(request, body), {
        ...documented({
          tag: 'Coalition 4',
          summary: `Submit a job as old submitters do (${path})`,
          description:
            'By GET or POST, with parent, title, cmd or command, dir, env, priority, timeout, affinity, dependencies, localprogress or globalprogress, url, user, state, paused, retry. parent is an id, a title, or a path of titles: departments|render. Answers the id, or -1.',
          answer: { type: 'integer' },
          example: 123,
          form: {
            parent: '0',
            title: 'New job',
            cmd: 'echo test',
            dir: '.',
            priority: 1000,
            timeout: 0,
            affinity: '',
            user: 'render',
          },
        }),
      })
  return app
}
