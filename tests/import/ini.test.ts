import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { resolveConfig } from '../../src/config.ts'
import { convertIni, parseIni } from '../../src/import/ini.ts'
import { cleanUp, coalition } from '../cli/harness.ts'
import { scratch } from './support.ts'

const { fresh, remove } = scratch('ini')
afterAll(async () => {
  await cleanUp()
  remove()
})

/** What our own program understands of the converted file. */
const understood = (ini: string) => {
  const { toml } = convertIni(ini)
  const config = resolveConfig({ file: { path: '/x/coalition.toml', content: Bun.TOML.parse(toml) as never } })
  const all: Record<string, unknown> = { ...config.server }
  for (const [key, value] of Object.entries(config.worker)) all[`worker.${key}`] = value
  return Object.fromEntries([...config.given].map((key) => [key, all[key]]))
}

const STUDIO = `
[server]
# The mysql server
db_type=mysql
db_mysql_host=db.studio
db_mysql_password=s3cret
port=19300
servermode=normal
timeout=30
verbose=0
smtphost=mail.studio
smtppasswd=hunter2
notifyafter=10
; ldaphost=ldap://localhost
commandwhitelist=global nuke
 @kim
 kim rm .*

[worker]
serverUrl=http://farm:19300
workers=2
Name: node-%%1 ; the first
sleep=5
cpus=None
startup=mount "/mnt/p\u00e9"
runcommand=sudo -u __user__ -E -- sh -c 'cd __dir__; __cmd__'
logfile=./worker.log
`

describe('coalition.ini', () => {
  test('becomes the coalition.toml that says the same', () => {
    expect(understood(STUDIO)).toEqual({
      host: '0.0.0.0',
      port: 19300,
      worker_timeout: 30,
      'worker.server': 'http://farm:19300',
      'worker.workers': 2,
      'worker.name': 'node-%1',
      'worker.sleep': 5,
      'worker.startup': 'mount "/mnt/pé"',
      'worker.runcommand': "sudo -u __user__ -E -- sh -c 'cd __dir__; __cmd__'",
    })
  })

  test('what has no match is said by name and reason, without its value', () => {
    const { remarks } = convertIni(STUDIO)
    expect(remarks).toEqual([
      expect.stringMatching(/^\[server\] db_type, db_mysql_host, db_mysql_password: .*coalition import/),
      expect.stringMatching(/^\[server\] smtphost, smtppasswd, notifyafter: .*mail/),
      expect.stringMatching(/^\[server\] commandwhitelist: /),
      expect.stringMatching(/^\[worker\] logfile: /),
    ])
    expect(remarks.join()).not.toMatch(/s3cret|hunter2/)
  })

  test('values that cannot be used are said, and not written', () => {
    const { toml, remarks } = convertIni('[server]\nport=none\ntimeout=0\n[worker]\nworkers=0\nserverUrl=http://a b\n')
    expect(Bun.TOML.parse(toml)).toEqual({ host: '0.0.0.0' })
    expect(remarks).toHaveLength(4)
    expect(remarks[0]).toBe(
      '[server] port = none: it cannot be port to listen on; 0 takes any free one; the default stands.',
    )
  })

  test('a server without a port is at port 80, as the old worker had it', () => {
    expect(understood('[worker]\nserverUrl=farm')['worker.server']).toBe('http://farm')
    expect(understood('[worker]\nserverUrl=farm:19211')['worker.server']).toBe('http://farm:19211')
  })

  test('without a section nothing is said about it', () => {
    expect(convertIni('')).toEqual({ toml: '', remarks: [] })
    expect(understood('[worker]\nworkers=3')).toEqual({ 'worker.workers': 3 })
  })

  test('lines that are no setting, and sections nobody knows, are said', () => {
    const { remarks } = convertIni('port=1\n[cloud]\nx=1\n[server]\nnonsense\nspell=yes\n')
    expect(remarks).toEqual([
      'Line 1, "port=1", is no setting: it is left out.',
      'Line 5, "nonsense", is no setting: it is left out.',
      '[cloud]: Coalition 4 has no such section either; it is left out.',
      '[server] spell: Coalition 4 has no such setting either; it is left out.',
    ])
  })
})

describe('the syntax is that of Python 2', () => {
  const cases: [name: string, line: string, value: string][] = [
    ['a semicolon behind a space begins a comment', 'a=b ; c', 'b'],
    ['a semicolon in a word does not', 'a=b;c', 'b;c'],
    ['nor does a number sign', 'a=b # c', 'b # c'],
    ['a colon is an equals sign', 'a: b=c', 'b=c'],
    ['the first of both counts', 'a=http://b', 'http://b'],
    ['two quotes are nothing', 'a=""', ''],
    ['quotes stay otherwise', 'a="b"', '"b"'],
    ['an indented line goes on', 'a=b\n\tc=d\n e', 'b\nc=d\ne'],
    ['names have no case', 'A = b', 'b'],
    ['the last one counts', 'a=1\na=2', '2'],
    ['another setting stands in', 'b=x\na=%(B)s/y', 'x/y'],
    ['a default stands in', '[DEFAULT]\nb=z\n[server]\na=%(b)s', 'z'],
    ['a setting that stands in itself ends', 'a=%(a)s', '%(a)s'],
    ['Windows ends its lines in its way', 'a=b\r\nc=d\r', 'b'],
  ]
  for (const [name, line, value] of cases)
    test(name, () => {
      const remarks: string[] = []
      expect(parseIni(`\uFEFF[server]\n${line}\n`, remarks).get('server')?.get('a')).toBe(value)
      expect(remarks).toEqual([])
    })

  const python = Bun.which('python3')
  test.skipIf(!python)('as Python itself reads it', () => {
    const program = `
import configparser, json, sys
p = configparser.ConfigParser(strict=False, inline_comment_prefixes=(';',), empty_lines_in_values=False)
p.read_string(sys.stdin.read())
print(json.dumps({s: dict(p.items(s)) for s in p.sections()}))`
    const text = STUDIO.replaceAll('""', '')
    const read = Bun.spawnSync([python as string, '-c', program], { stdin: Buffer.from(text) })
    const ours = Object.fromEntries([...parseIni(text, [])].map(([name, values]) => [name, Object.fromEntries(values)]))
    expect(ours).toEqual(JSON.parse(read.stdout.toString()))
  })
})

test('whatever a value holds, the file is TOML and says the same', () => {
  const value = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\r\n%]/g, '').trim())
  fc.assert(
    fc.property(
      value.filter((text) => text !== '' && text !== '""' && !/\s;/.test(text) && !/^\s/.test(text)),
      (startup) => {
        expect(understood(`[worker]\nstartup=${startup}`)).toEqual({ 'worker.startup': startup })
      },
    ),
  )
})

test('coalition import --ini prints the file on stdout, and the remarks beside it', async () => {
  const path = fresh('.ini')
  writeFileSync(path, Buffer.from(STUDIO, 'latin1'))
  const { code, stdout, stderr } = await coalition(['import', '--ini', path])
  expect(code).toBe(0)
  expect(Bun.TOML.parse(stdout)).toMatchObject({ port: 19300, worker: { startup: 'mount "/mnt/pé"' } })
  expect(stderr).toContain('[server] smtphost, smtppasswd, notifyafter: ')
  expect(await coalition(['import', '--ini', fresh('.ini')])).toMatchObject({ code: 1 })
})
