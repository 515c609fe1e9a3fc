import { Elysia } from 'elysia'
import type { Visitor } from '../doors/peers.ts'
import type { Farm } from '../farm.ts'
import { addressOf, type Listening, readable } from './address.ts'
import { readForm } from './body.ts'
import { documented } from './documented.ts'
import { type Guard, refuseOtherWorker } from './guard.ts'
import { SECURE } from './headers.ts'
import { onFailure, refuseHead } from './problems.ts'
import { pythonText } from './pythonLiteral.ts'

/** What an old worker says: form fields in the body, or in the query. */
type Fields = URLSearchParams

/** What the body says overrules what the query says of the same name. */
function fieldsOf(request: Request, body: string): Fields {
  const said = new URLSearchParams(body)
  // Old workers have nothing in the query, and to parse the URL costs as much as all the rest here.
  if (!request.url.includes('?')) return said
  const fields = new URL(request.url).searchParams
  for (const [name, value] of said) fields.set(name, value)
  return fields
}

/** Made once: to read it from an object took longer than all else of an answer. */
const PLAIN = { headers: new Headers({ ...SECURE, 'content-type': 'text/plain; charset=utf-8' }) }
/** Text as the old workers read it. */
const text = (body: string) => new Response(body, PLAIN)

const LONGEST_NAME = 255
const nameOf = (fields: Fields): string | null => {
  const name = (fields.get('hostname') ?? '').replace(/\p{Cc}/gu, '').slice(0, LONGEST_NAME)
  // The cut may have left half a surrogate pair, which the database would not keep as it is.
  return name.replace(/[\ud800-\udbff]$/, '') || null
}

/** What is no id is the id of nothing: `1.5` is not job 1. */
const jobOf = (fields: Fields): number | undefined => {
  const id = fields.get('jobId') ?? ''
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined
}

/** What is not a number, or not a list of them, is left out: an old worker cannot do anything about an error. */
function vitalsOf(fields: Fields) {
  return {
    cpu: loads(fields.get('load')),
    free_memory: whole(fields.get('free_memory')),
    total_memory: whole(fields.get('total_memory')),
  }
}

/** An empty text is no 0: it would end a run well that did not. */
const numberIn = (text: string | null): number => (text?.trim() ? Number(text) : Number.NaN)

function whole(text: string | null): number | undefined {
  const number = Math.trunc(numberIn(text))
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

const MOST_CORES = 4096
function loads(text: string | null): number[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    const list = Array.isArray(parsed) ? parsed : [parsed]
    return list.every((load) => typeof load === 'number' && Number.isFinite(load))
      ? list.slice(0, MOST_CORES)
      : undefined
  } catch {
    return undefined
  }
}

const NOTHING_TO_DO = "(-1, '', '', '', None)"

/** The three calls, each from the fields to the answer. */
function workerCalls(farm: Farm) {
  return {
    async pickjob(fields: Fields, address: () => string | undefined): Promise<Response> {
      const name = nameOf(fields)
      if (!name) return text(NOTHING_TO_DO)
      // Only here: the address of a worker that runs a job stays what it was, and to ask for it costs a heartbeat 4 %.
      const assignment = await farm.pick(name, { wait: 0, ...vitalsOf(fields), ip: address() }, NEVER)
      if (!assignment) return text(NOTHING_TO_DO)
      const { id, command, dir, user, environment } = assignment.job
      // Coalition's worker knows pairs separated by the two characters \ n only.
      const pairs = environment.replace(/\r?\n/g, '\\n')
      return text(`(${[id, ...[command, dir, user, pairs].map(pythonText)].join(', ')})`)
    },

    heartbeat(fields: Fields): Response | Promise<Response> {
      const name = nameOf(fields)
      if (!name) return text('false')
      // A + that was not escaped has become a space; base64 has none of its own.
      const log = fields.get('log')?.replaceAll(' ', '+')
      const taken = farm.heartbeatOfJob(name, jobOf(fields), {
        worker: name,
        vitals: vitalsOf(fields),
        output: log ? { bytes: Buffer.from(log, 'base64') } : undefined,
      })
      return typeof taken === 'boolean' ? text(String(taken)) : taken.then((late) => text(String(late)))
    },

    async endjob(fields: Fields): Promise<Response> {
      const name = nameOf(fields)
      const code = numberIn(fields.get('errorCode') ?? '0')
      if (name) await farm.endRunOfJob(name, jobOf(fields), Number.isInteger(code) ? code : 1, {})
      return text('1')
    },
  }
}

/**
 * The same three by POST, for Bun's own router: 5,000 constant answers a second take 19 % of a core there, and 33 % by way
 * of Elysia. With what is above, 10,000 workers' heartbeats went from 54 % to 38 %. `coalitionRoutes` documents the calls.
 */
export function hotRoutes(farm: Farm, guard: Guard) {
  const failed = onFailure([])
  const route = (run: Call) => ({
    async POST(asked: Request, server: Listening): Promise<Response> {
      const request = readable(asked)
      try {
        const visitor = guard.worker(request, server)
        if (visitor instanceof Response) return visitor
        const fields = fieldsOf(request, await readForm({ request }))
        refuseOthers(visitor, fields)
        return await run(fields, () => addressOf(server, request))
      } catch (error) {
        return failed({ code: 'UNKNOWN', error, request })
      }
    },
  })
  return Object.fromEntries(Object.entries(workerCalls(farm)).map(([name, run]) => [`/workers/${name}`, route(run)]))
}

/** A worker that has a credential speaks for itself. */
function refuseOthers({ actor }: Visitor, fields: Fields): void {
  if (actor.kind === 'worker') refuseOtherWorker(actor.name, nameOf(fields) ?? '')
}

type Call = (fields: Fields, address: () => string | undefined) => Response | Promise<Response>

/** The wire that existing workers speak (`behaviour.md`): form fields in, text out. Kept apart from the new protocol. */
export const coalitionRoutes = (farm: Farm, guard: Guard) => {
  const vitals = { load: '[12.5, 3.0]', free_memory: 12000, total_memory: 16000 }
  const call = (summary: string, example: string, form: Record<string, string | number>) =>
    documented({ tag: 'Coalition 4', summary, answer: { type: 'string' }, example, form, contentType: 'text/plain' })
  const documents = {
    pickjob: call('Take a job', "(12, 'echo test', '.', 'render', '')", { hostname: 'worker-1', ...vitals }),
    heartbeat: call('Report on a job: true: go on, false: kill the process', 'true', {
      hostname: 'worker-1',
      jobId: 1,
      log: 'aGVsbG8K',
      ...vitals,
    }),
    endjob: call('End a job', '1', { hostname: 'worker-1', jobId: 1, errorCode: 0 }),
  }
  const calls: Record<keyof typeof documents, Call> = workerCalls(farm)
  const app = new Elysia().onParse(readForm).onBeforeHandle(refuseHead)
  for (const [name, options] of Object.entries(documents)) {
    const call = calls[name as keyof typeof documents]
    const run = (request: Request, body: string, server: Listening | null) => {
      const fields = fieldsOf(request, body)
      refuseOthers(guard.visitorOf(request), fields)
      return call(fields, () => addressOf(server, request))
    }
    app
      .post(
        `/workers/${name}`,
        ({ request, body, server }) => run(request, typeof body === 'string' ? body : '', server),
        options,
      )
      .get(`/workers/${name}`, ({ request, server }) => run(request, '', server), {
        detail: { hide: true },
      })
  }
  return app
}

/** An old worker does not wait for a job, so nobody hangs up on it. */
const NEVER = new AbortController().signal
