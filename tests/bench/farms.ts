/** Farms to measure with: the small one, and the one of a million jobs, made once and copied. */
import { constants, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openData } from '../../src/db/open.ts'
import { createFarm } from '../../src/farm.ts'
import type { NewJob } from '../../src/models.ts'
import { CACHE, ROOT } from './processes.ts'

export interface Shape {
  roots: number
  /** Groups in each root; the leaves are in these. */
  groups: number
  leaves: number
}

/** 1,000,000 leaves in 1,000 root groups, depth 3, 20 sets of affinities, 5 limits, half of the roots paused. */
export const MILLION: Shape = { roots: 1000, groups: 10, leaves: 100 }
/** The same with 1,000 leaves that wait, and 1,000 that are paused. */
export const THOUSAND: Shape = { roots: 20, groups: 10, leaves: 10 }

const SETS = 20
const LIMITS = 5
/** Runs at once of each limit: some are full now and then, as on a farm. */
const OF_EACH = 16
export const WORKERS = 64
/** So many names has each worker: two thirds of the sets. */
const NAMES = 13

const NEVER = new AbortController().signal

/** A folder with that farm, to be changed and thrown away. */
export async function copyOfFarm(shape: Shape): Promise<string> {
  const made = await cached(shape)
  const folder = mkdtempSync(join(CACHE, 'data-'))
  copyFileSync(join(made, 'coalition.db'), join(folder, 'coalition.db'), constants.COPYFILE_FICLONE)
  return folder
}

async function cached(shape: Shape): Promise<string> {
  mkdirSync(CACHE, { recursive: true })
  const name = `farm-${shape.roots}-${shape.groups}-${shape.leaves}-`
  const folder = join(CACHE, name + (await version()))
  if (existsSync(folder)) return folder
  for (const old of readdirSync(CACHE)) if (old.startsWith(name)) rmSync(join(CACHE, old), { recursive: true })
  const part = mkdtempSync(join(CACHE, 'data-'))
  await make(shape, part)
  renameSync(part, folder)
  return folder
}

/** Another schema, or another way to make a farm, is another farm. */
async function version(): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256')
  for (const file of [...new Bun.Glob('drizzle/*.sql').scanSync(ROOT)].sort())
    hash.update(await Bun.file(join(ROOT, file)).bytes())
  hash.update(await Bun.file(import.meta.path).bytes())
  return hash.digest('hex').slice(0, 12)
}

async function make({ roots, groups, leaves }: Shape, folder: string): Promise<void> {
  const { db, logs, close } = openData(folder)
  // Nothing is measured here.
  db.sqlite.run('pragma synchronous = off')
  const farm = createFarm(db, { logs })
  const edits: Record<string, { affinity: string }> = {}
  for (let i = 0; i < WORKERS; i++) {
    await farm.pick(`worker-${i}`, { wait: 0 }, NEVER)
    const names = Array.from({ length: NAMES }, (_, k) => `set-${(i + k) % SETS}`)
    edits[`worker-${i}`] = { affinity: names.join(',') }
  }
  await farm.editWorkers(edits)
  await farm.setLimits(Object.fromEntries(Array.from({ length: LIMITS }, (_, i) => [`limit-${i}`, OF_EACH])))
  for (let i = 0; i < roots; i++) await farm.addJob(root(i, groups, leaves))
  await farm.stop()
  // Only the database itself is copied.
  db.sqlite.run('pragma wal_checkpoint(truncate)')
  close()
}

const root = (i: number, groups: number, leaves: number): NewJob => ({
  title: `Root ${i}`,
  priority: 1000 + (i % 7),
  paused: i % 2 === 1 ? 1 : 0,
  user: `user-${i % 50}`,
  limits: `limit-${i % LIMITS}`,
  children: Array.from({ length: groups }, (_, g) => ({
    title: `Group ${g}`,
    priority: 1000 + (g % 3),
    children: Array.from({ length: leaves }, (_, l) => ({
      title: `Frame ${l}`,
      command: `render -f ${l} scene.ma`,
      affinity: `set-${(i + g + l) % SETS}`,
      user: `user-${i % 50}`,
    })),
  })),
})
