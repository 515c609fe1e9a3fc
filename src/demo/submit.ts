/** The demo as a newcomer would submit it: groups, commands, a dependency, priorities, one call of the API for each job. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Client } from '../client.ts'
import type { JobInput } from '../models.ts'
import { currentUser } from '../user.ts'
import { DEMO_FRAMES } from './frame.ts'
import { DEMO_FPS } from './join.ts'

export interface DemoRequest {
  /** The folder for frames and animation; the workers must see it under the same path. */
  out: string
  frames?: number
  /** Of the frames, when not the renderer's own. */
  width?: number
  height?: number
  samples?: number
  fps?: number
}

export interface DemoJobs {
  /** The group of the whole demo. */
  group: number
  join: number
  /** Path of the animation. */
  out: string
}

const MINUTE = 60
const PRIORITY = 1000
/** First, middle and last frame go ahead: whether the shot works shows in seconds. */
const EARLY_LOOK_PRIORITY = 2000

export async function submitDemo(client: Client, request: DemoRequest): Promise<DemoJobs> {
  const frames = request.frames ?? DEMO_FRAMES
  if (!Number.isInteger(frames) || frames < 1 || frames > 10_000) {
    throw new RangeError(`frames is ${frames}: give a whole number from 1 to 10000`)
  }
  const folder = resolve(request.out)
  const out = join(folder, 'coalition-demo.png')
  const plan = demoCommands({ ...request, frames, folder, out }, process.platform)
  const user = currentUser()
  const url = pathToFileURL(out).href
  const add = (job: JobInput) => client.call<number>('PUT', '/api/jobs', { user, ...job })

  // Paused until all is in: a worker that took frames at once could finish the group before it is whole.
  const group = await add({ title: 'Coalition demo', paused: 1, url })
  try {
    const shot = await add({ parent: group, title: 'frames' })
    const early = new Set([1, Math.ceil((frames + 1) / 2), frames])
    for (const [i, command] of plan.frames.entries()) {
      const frame = i + 1
      await add({
        parent: shot,
        title: `frame ${String(frame).padStart(String(frames).length, '0')}`,
        command,
        priority: early.has(frame) ? EARLY_LOOK_PRIORITY : PRIORITY,
        retry: 1,
        timeout: 10 * MINUTE,
      })
    }
    const last = { title: 'join', command: plan.join, dependencies: [shot], timeout: 10 * MINUTE, url }
    const joining = await add({ parent: group, ...last })
    await client.call('POST', '/api/startjobs', [group])
    return { group, join: joining, out }
  } catch (error) {
    // The first error is the one to tell, whatever becomes of the cleaning.
    await client.call('DELETE', '/api/jobs', [group]).catch(() => {})
    throw error
  }
}

export interface DemoPlan extends Omit<DemoRequest, 'out'> {
  frames: number
  folder: string
  out: string
}

/** `$(COALITION)` is the worker's own executable, quoted already. Workers are taken to run the submitter's system. */
export function demoCommands(plan: DemoPlan, platform: NodeJS.Platform): { frames: string[]; join: string } {
  const folder = quotePath(plan.folder, platform)
  const { frames, width, height, samples, fps = DEMO_FPS } = plan
  const look = Object.entries({ width, height, samples })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` --${name} ${value}`)
    .join('')
  return {
    frames: Array.from(
      { length: frames },
      (_, i) => `$(COALITION) demo-frame --frame ${i + 1} --frames ${frames} --out ${folder}${look}`,
    ),
    join: `$(COALITION) demo-join --dir ${folder} --frames ${frames} --fps ${fps} --out ${quotePath(plan.out, platform)}`,
  }
}

/**
 * A path as one word for the system's shell. Windows takes slashes as well, and with them no path ends in a backslash,
 * which would swallow the quote. What cannot be quoted is refused: the worker replaces `$(NAME)` before any shell sees
 * it, and cmd.exe replaces `%NAME%` within quotes too.
 */
export function quotePath(path: string, platform: NodeJS.Platform): string {
  const windows = platform === 'win32'
  const bad = windows ? /\$\(|[%"\p{Cc}]/u : /\$\(|\p{Cc}/u
  const found = bad.exec(path)
  if (found) {
    throw new Error(
      `the path ${JSON.stringify(path)} has ${JSON.stringify(found[0])} in it, which a command cannot hold: choose another folder`,
    )
  }
  return windows ? `"${path.replaceAll('\\', '/')}"` : `"${path.replace(/[\\"$`]/g, '\\$&')}"`
}
