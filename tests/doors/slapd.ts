/** A real OpenLDAP for one test file: a folder of its own, loopback only, with and without TLS. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../cli/harness.ts'

/** Debian puts it where only root looks. */
const findServer = () => Bun.which('slapd') ?? ['/usr/sbin/slapd'].find(existsSync)

export const hasSlapd = (): boolean => findServer() !== undefined && Bun.which('openssl') !== null
/** A machine that promises to have it must not pass by leaving the tests out. */
export const needsSlapd = process.env.TESTS_REQUIRE_SLAPD === '1'

export const BASE = 'dc=studio,dc=lan'

export interface Person {
  uid: string
  password: string
  groups?: readonly string[]
}

export async function startSlapd(folder: string, people: readonly Person[]) {
  mkdirSync(join(folder, 'db'), { recursive: true })
  const at = (name: string) => join(folder, name)
  certify(folder)
  writeFileSync(
    at('slapd.conf'),
    [
      ...['core', 'cosine', 'inetorgperson', 'nis'].map((name) => `include /etc/ldap/schema/${name}.schema`),
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      `pidfile ${at('pid')}`,
      `TLSCACertificateFile ${at('cert.pem')}`,
      `TLSCertificateFile ${at('cert.pem')}`,
      `TLSCertificateKeyFile ${at('key.pem')}`,
      'database mdb',
      `suffix "${BASE}"`,
      `directory ${at('db')}`,
      'access to attrs=userPassword by anonymous auth by * none',
      // As directories are set up: who has not signed in sees nothing.
      'access to * by users read by * none',
      '',
    ].join('\n'),
  )
  writeFileSync(at('people.ldif'), ldif(people))
  const server = findServer() as string
  const load = Bun.spawnSync([server, '-T', 'add', '-f', at('slapd.conf'), '-l', at('people.ldif')])
  if (load.exitCode !== 0) throw new Error(`slapadd: ${load.stdout}${load.stderr}`)
  const [port, tlsPort] = [freePort(), freePort()]
  const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`
  const child = Bun.spawn([server, '-d', '0', '-h', urls, '-f', at('slapd.conf')], { stdout: 'ignore', stderr: 'pipe' })
  for (const each of [port, tlsPort])
    await until('slapd answers', async () => {
      if (child.exitCode !== null) throw new Error(`slapd ended: ${await new Response(child.stderr).text()}`)
      return await Bun.connect({ hostname: '127.0.0.1', port: each, socket: { data() {} } }).then(
        (socket) => {
          socket.end()
          return true
        },
        () => false,
      )
    })
  return {
    ldap: `ldap://127.0.0.1:${port}`,
    ldaps: `ldaps://127.0.0.1:${tlsPort}`,
    ca: at('cert.pem'),
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

/** A certificate for loopback, which is its own authority: key.pem and cert.pem. */
export function certify(folder: string): void {
  const made = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
  ])
  if (made.exitCode !== 0) throw new Error(`openssl: ${made.stderr}`)
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function ldif(people: readonly Person[]): string {
  const entry = (...lines: string[]) => [...lines, ''].join('\n')
  const groups = Map.groupBy(
    people.flatMap(({ uid, groups = [] }) => groups.map((group) => ({ uid, group }))),
    ({ group }) => group,
  )
  return [
    entry(`dn: ${BASE}`, 'objectClass: dcObject', 'objectClass: organization', 'o: studio', 'dc: studio'),
    entry(`dn: ou=people,${BASE}`, 'objectClass: organizationalUnit', 'ou: people'),
    entry(`dn: ou=groups,${BASE}`, 'objectClass: organizationalUnit', 'ou: groups'),
    ...people.map(({ uid, password }) =>
      entry(
        `dn:: ${base64(`uid=${uid},ou=people,${BASE}`)}`,
        'objectClass: inetOrgPerson',
        `uid:: ${base64(uid)}`,
        'cn: x',
        'sn: x',
        `userPassword:: ${base64(password)}`,
      ),
    ),
    ...[...groups].map(([group, members], i) =>
      entry(
        `dn: cn=${group},ou=groups,${BASE}`,
        'objectClass: posixGroup',
        `cn: ${group}`,
        `gidNumber: ${1000 + i}`,
        ...members.map(({ uid }) => `memberUid:: ${base64(uid)}`),
      ),
    ),
  ].join('\n')
}

export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}
