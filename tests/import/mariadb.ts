/** A real MariaDB for one test file: a folder of its own, loopback only, gone at the end. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SQL } from 'bun'
import { until } from '../cli/harness.ts'

/** Debian puts the server where only root looks. */
const findServer = () => Bun.which('mariadbd') ?? ['/usr/sbin/mariadbd'].find(existsSync)
const findInstaller = () => Bun.which('mariadb-install-db')

export const hasMariadb = (): boolean => findServer() !== undefined && findInstaller() !== null
/** A machine that promises to have it must not pass by leaving the tests out. */
export const needsMariadb = process.env.TESTS_REQUIRE_MARIADB === '1'

const PASSWORD = 'p@ss:w/r d%'

export async function startMariadb(folder: string) {
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  const install = Bun.spawnSync([
    ...[findInstaller() as string, '--no-defaults', `--datadir=${data}`, ...user],
    ...['--auth-root-authentication-method=normal', '--skip-test-db'],
  ])
  if (install.exitCode !== 0) throw new Error(`mariadb-install-db: ${install.stdout}${install.stderr}`)
  const port = freePort()
  const server = Bun.spawn(
    [
      ...[findServer() as string, '--no-defaults', `--datadir=${data}`, ...user, `--port=${port}`],
      ...['--bind-address=127.0.0.1', `--socket=${join(folder, 's')}`, '--lower-case-table-names=0'],
    ],
    { stdout: 'ignore', stderr: 'ignore' },
  )
  const admin = `mysql://root@127.0.0.1:${port}/mysql`
  await until(
    'MariaDB answers',
    async () => {
      if (server.exitCode !== null) throw new Error(`mariadbd ended with ${server.exitCode}`)
      const sql = new SQL(admin, { max: 1 })
      return await sql
        .unsafe('select 1')
        .then(() => true)
        .catch(() => false)
        .finally(() => sql.close())
    },
    30,
  )
  const root = new SQL(admin, { max: 1 })
  await root.unsafe(`create user 'coalition'@'%' identified by '${PASSWORD}'`)
  await root.unsafe(`create user 'coalition'@'localhost' identified by '${PASSWORD}'`)
  return {
    /** A base of that name, for a user who may read it and nothing else. */
    async base(name: string, statements: Iterable<{ sql: string; values?: unknown[] }>) {
      await root.unsafe(`create database ${name} character set utf8mb4`)
      for (const host of ['%', 'localhost']) await root.unsafe(`grant select on ${name}.* to 'coalition'@'${host}'`)
      const sql = new SQL(`mysql://root@127.0.0.1:${port}/${name}`, { max: 1 })
      for (const { sql: text, values } of statements) await sql.unsafe(text, values)
      await sql.close()
      return {
        url: `mysql://coalition:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${name}`,
        withoutPassword: `mysql://coalition@127.0.0.1:${port}/${name}`,
      }
    },
    password: PASSWORD,
    async stop() {
      await root.close()
      server.kill()
      await server.exited
    },
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}
