import { afterAll, expect, test } from 'bun:test'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Checkpointer } from '../../src/db/checkpointer.ts'
import { openDatabase } from '../../src/db/open.ts'
import { tempFolder } from '../support/farm.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function opened() {
  const folder = tempFolder()
  folders.push(folder)
  const path = join(folder, 'coalition.db')
  const db = openDatabase(path)
  const said: string[] = []
  const checkpointer = new Checkpointer(db.sqlite, path, (text) => said.push(text))
  const write = (rows: number) =>
    db.sqlite.run(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
       insert into events (worker, job_id, job_title, state, start) select 'w', 1, 'title of ' || i, 'FINISHED', i from n`,
    )
  /** Pages that are in the database's own file, and not in its log alone. */
  const kept = () => statSync(path).size
  return { folder, path, db, said, checkpointer, write, kept }
}

test('the log is brought into the database on a thread, while others go on writing', async () => {
  const { db, said, checkpointer, write, kept } = opened()
  checkpointer.start()
  const before = kept()
  write(50_000)
  expect(kept()).toBe(before)
  const deadline = performance.now() + 20_000
  let rows = 50_000
  while (kept() < before + 1_000_000 && performance.now() < deadline) {
    write(10)
    rows += 10
    await Bun.sleep(5)
  }
  expect(kept()).toBeGreaterThan(before + 1_000_000)
  await checkpointer.stop()
  expect(db.sqlite.query('select count(*) from events').values()).toEqual([[rows]])
  expect(db.sqlite.query('pragma integrity_check').values()).toEqual([['ok']])
  expect(said).toEqual([])
  db.close()
})

test('little that was written waits, and a farm at rest has no thread', async () => {
  const { db, checkpointer, write, kept } = opened()
  const before = kept()
  write(100)
  checkpointer.look()
  await checkpointer.stop()
  expect(kept()).toBe(before)
  db.close()
})

test('what the thread cannot do is said, and tried again with what comes next', async () => {
  const { folder, path, db, said, checkpointer, write, kept } = opened()
  const elsewhere = new Checkpointer(db.sqlite, join(folder, 'gone.db'), (text) => said.push(text))
  write(5000)
  elsewhere.look()
  await elsewhere.stop()
  expect(said).toEqual([expect.stringContaining('unable to open database file')])
  expect(existsSync(join(folder, 'gone.db'))).toBe(false)
  write(5000)
  checkpointer.look()
  await checkpointer.stop()
  expect(kept()).toBeGreaterThan(200_000)
  expect(path).toContain(folder)
  db.close()
})
