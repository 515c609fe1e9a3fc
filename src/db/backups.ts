import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeParts } from './copy.ts'

/** Of the schedule; or, with a word for it, from before something that may go wrong: those are never taken away. */
const NAME = /^coalition-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(-[a-z]+[-\d]*)?\.db$/

export const backupsIn = (data: string): string => join(data, 'backups')

/** `coalition-20260131T235959Z.db`: by name is by age. */
export function backupName(seconds: number, before?: string): string {
  const time = new Date(seconds * 1000).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
  return `coalition-${time}${before === undefined ? '' : `-${before}`}.db`
}

export interface Backup {
  path: string
  /** Seconds since the epoch. */
  made: number
  scheduled: boolean
}

/** The backups that the server made in a folder, the oldest first. */
export function listBackups(folder: string): Backup[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const match = NAME.exec(name)
      if (!match) return []
      const [year = 0, month = 1, day, hour, minute, second] = match.slice(1, 7).map(Number)
      const made = Date.UTC(year, month - 1, day, hour, minute, second) / 1000
      return [{ path: join(folder, name), made, scheduled: match[7] === undefined }]
    })
}

/** Keeps the newest of the schedule's, and takes away what killed ones have left. */
export function rotateBackups(folder: string, keep: number): void {
  const scheduled = listBackups(folder).filter((backup) => backup.scheduled)
  for (const { path } of scheduled.slice(0, Math.max(0, scheduled.length - keep))) rmSync(path, { force: true })
  removeParts(join(folder, 'coalition-'))
}
