/**
 * What Coalition's Python module and the scripts around it send, put into the form that `rest_api.rst` shows: null for
 * nothing, dependencies as a text. Runs before the body is checked.
 */
function mendJobInput(input: unknown): void {
  mend(input)
  // Its newJob(state='PAUSED') sends `paused` as well, and that is false where nothing was said.
  if (isObject(input) && input.state === 'PAUSED' && (input.paused === false || input.paused === 0)) delete input.paused
}

/** A new job or a list of them, and all their children. Whatever else it is is refused afterwards. */
export function mendNewJobs(input: unknown): void {
  const stack: unknown[] = [input]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (Array.isArray(next)) for (const each of next) stack.push(each)
    else {
      mendJobInput(next)
      if (isObject(next) && Array.isArray(next.children)) stack.push(next.children)
    }
  }
}

/** Of jobs or of workers, by id or name. */
export function mendEdits(edits: unknown): void {
  if (isObject(edits)) for (const edit of Object.values(edits)) mend(edit)
}

/** A number whose name is null has none. */
export function mendAffinities(names: unknown): void {
  if (isObject(names)) for (const [id, name] of Object.entries(names)) if (name === null) names[id] = ''
}

function mend(input: unknown): void {
  if (!isObject(input)) return
  for (const [name, value] of Object.entries(input)) if (value === null) delete input[name]
  if (typeof input.dependencies === 'string') input.dependencies = idsIn(input.dependencies)
}

const NUMBERS = ['parent', 'priority', 'retry', 'timeout']

/** Coalition 4's page sends what stands in its fields: numbers and ids as texts, and the environment as `env`. */
export function mendPage(body: unknown): void {
  if (Array.isArray(body)) mendTexts(body)
  else if (isObject(body)) for (const job of [body, ...Object.values(body)]) mendFields(job)
}

function mendFields(job: unknown): void {
  if (!isObject(job)) return
  for (const name of NUMBERS) if (name in job) job[name] = numberIn(job[name])
  if (Array.isArray(job.dependencies)) mendTexts(job.dependencies)
  if ('env' in job && !('environment' in job)) {
    job.environment = job.env
    delete job.env
  }
}

function mendTexts(ids: unknown[]): void {
  for (const [i, id] of ids.entries()) ids[i] = numberIn(id)
}

/** What is no whole number stays as it is, to be refused by its name. */
const numberIn = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value

/** Ids in any text: "21 22 23", "21,22,23", "[21, 22]". */
export const idsIn = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
