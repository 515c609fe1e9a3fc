/** The arrows of the README, held by the imports of src/: whoever draws one backwards is told which line did it. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import ts from 'typescript'

const ROOT = join(import.meta.dir, '..')
const MAX_LINES = 400

interface Import {
  /** As in `src/farm.ts`. */
  from: string
  line: number
  /** A file of src/, or the name of a package. */
  to: string
  ours: boolean
  /** Gone when the program runs. */
  typeOnly: boolean
}

const files = [...new Bun.Glob('**/*.{ts,tsx}').scanSync(join(ROOT, 'src'))]
  .map((file) => file.replaceAll('\\', '/'))
  .sort()
const imports = files.flatMap(importsOf)

function importsOf(from: string): Import[] {
  const source = ts.createSourceFile(
    from,
    readFileSync(join(ROOT, 'src', from), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
    from.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  )
  const found: Import[] = []
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (!specifier || !ts.isStringLiteral(specifier)) return
    const { text } = specifier
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    const ours = text.startsWith('.')
    found.push({ from, line, to: ours ? posix.join(posix.dirname(from), text) : packageOf(text), ours, typeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeOnly(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node, node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** `import type {…}`, and `import { type A, type B }`. `import 'x'` has no clause, and runs. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const { name, namedBindings } = clause
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  )
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** A folder of src/, or a file of its top level. */
const roomOf = (file: string): string => file.split('/')[0]?.replace(/\.tsx?$/, '') ?? ''

/** What everybody may know: they know nothing of the program themselves. */
const LEAVES = ['errors', 'version', 'address', 'environment', 'self', 'user', 'authority']
/** What the wire looks like; below the tables, from which it is derived. */
const WIRE = ['models', 'protocol', 'answers', 'watch']
/** What each room may import besides itself: main → cli → server → http → farm → scheduler → domain → db. */
const ARROWS: Record<string, string[]> = {
  main: ['cli'],
  cli: ['server', 'import', 'backup', 'worker', 'demo', 'client', 'config', ...WIRE, ...LEAVES],
  server: ['directory', 'listener', 'http', 'doors', 'farm', 'backup', 'db', 'discovery', 'config', ...LEAVES],
  listener: ['errors'],
  directory: ['doors', 'db'],
  http: ['doors', 'farm', 'domain', 'db', 'bundle', ...WIRE, ...LEAVES],
  // Who may come in, and to what: beside the farm, which lets everybody do everything.
  doors: ['farm', 'domain', 'db', ...WIRE, ...LEAVES],
  // In the browser: what goes over the wire, and the client that the command line has.
  ui: ['client', ...WIRE],
  bundle: [],
  farm: ['scheduler', 'domain', 'db', ...WIRE, ...LEAVES],
  scheduler: ['domain', 'db', ...WIRE, ...LEAVES],
  // Beside the farm: they read and write databases without it.
  import: ['domain', 'db', 'config', ...LEAVES],
  backup: ['domain', 'db', ...LEAVES],
  domain: ['db', ...WIRE, ...LEAVES],
  db: ['errors', 'lock'],
  models: ['db'],
  protocol: ['models', 'db'],
  answers: ['db'],
  watch: ['models', 'answers'],
  worker: ['client', ...WIRE, 'errors', 'environment', 'self', 'lock', 'authority'],
  demo: ['client', ...WIRE, 'errors', 'user'],
  client: [...WIRE, 'errors'],
  config: ['address', 'settings'],
  settings: [],
  discovery: [],
  build: ['bundle', 'version'],
  errors: [],
  version: [],
  address: [],
  lock: [],
  environment: [],
  self: [],
  user: [],
  authority: ['errors'],
}

/**
 * Types only: at run time the models would bring tables and validators into every client command, and what they check
 * is checked at the door, by http.
 */
const TYPES_ONLY: Record<string, string[]> = Object.fromEntries(
  ['cli', 'worker', 'demo', 'client', 'ui', 'farm', 'scheduler', 'domain'].map((room) => [room, WIRE]),
)

/** The rooms that are more than clients, and the one file of the command line for each. */
const STARTERS: Record<string, string[]> = {
  server: ['cli/serve.ts', 'cli/up.ts'],
  import: ['cli/import.ts'],
  backup: ['cli/backup.ts', 'cli/check.ts'],
  worker: ['cli/worker.ts'],
  demo: ['cli/demo.ts'],
}

const told = ({ from, line, to }: Import) => `src/${from}:${line} imports ${to}`
const inside = imports.filter(({ ours, to }) => ours && files.includes(to))

describe('src/', () => {
  test('has its imports read by these tests', () => {
    // A reader that finds nothing finds nothing wrong.
    expect(inside).toContainEqual(expect.objectContaining({ from: 'server.ts', to: 'farm.ts', typeOnly: false }))
    expect(inside).toContainEqual(expect.objectContaining({ from: 'cli/serve.ts', to: 'server.ts', typeOnly: false }))
    expect(inside).toContainEqual(expect.objectContaining({ from: 'client.ts', to: 'answers.ts', typeOnly: true }))
    const missing = imports.filter(({ ours, to }) => ours && /\.tsx?$/.test(to) && !files.includes(to))
    expect(missing.map(told)).toEqual([])
  })

  test('has an arrow for every room', () => {
    const rooms = [...new Set(files.filter((file) => !file.endsWith('.d.ts')).map(roomOf))]
    expect(rooms.filter((room) => !ARROWS[room])).toEqual([])
  })

  test('has no import against the arrows', () => {
    const backwards = inside.filter(({ from, to }) => {
      const [here, there] = [roomOf(from), roomOf(to)]
      return here !== there && !ARROWS[here]?.includes(there)
    })
    expect(backwards.map(told)).toEqual([])
  })

  test('has clients that know of the server what goes over the wire, as types', () => {
    const running = inside.filter(
      ({ from, to, typeOnly }) => !typeOnly && TYPES_ONLY[roomOf(from)]?.includes(roomOf(to)),
    )
    expect(running.map(told)).toEqual([])
  })

  test('starts the server, the agent, the demo, the import and the backups from their own commands', () => {
    const others = inside.filter(({ from, to, typeOnly }) => {
      const starters = STARTERS[roomOf(to)]
      return roomOf(from) === 'cli' && starters && !typeOnly && !starters.includes(from)
    })
    expect(others.map(told)).toEqual([])
  })

  test('has no circle of imports when it runs', () => {
    expect(circle(inside.filter(({ typeOnly }) => !typeOnly))).toEqual([])
  })

  test(`has no file over ${MAX_LINES} lines`, () => {
    const long = files
      .map((file) => ({
        file,
        lines: readFileSync(join(ROOT, 'src', file), 'utf8')
          .trimEnd()
          .split('\n').length,
      }))
      .filter(({ lines }) => lines > MAX_LINES)
    expect(long).toEqual([])
  })
})

/** The files of one circle, in the order of their imports; none: empty. */
function circle(edges: readonly Import[]): string[] {
  const targets = Map.groupBy(edges, ({ from }) => from)
  const done = new Set<string>()
  const path: string[] = []
  const search = (file: string): string[] => {
    const at = path.indexOf(file)
    if (at >= 0) return [...path.slice(at), file]
    if (done.has(file)) return []
    path.push(file)
    for (const { to } of targets.get(file) ?? []) {
      const found = search(to)
      if (found.length > 0) return found
    }
    path.pop()
    done.add(file)
    return []
  }
  for (const file of targets.keys()) {
    const found = search(file)
    if (found.length > 0) return found
  }
  return []
}

test('a circle of imports is found, and a diamond is none', () => {
  const edge = (from: string, to: string): Import => ({ from, to, line: 1, ours: true, typeOnly: false })
  expect(circle([edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')])).toEqual([])
  expect(circle([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toEqual(['b', 'c', 'b'])
  expect(circle([edge('a', 'a')])).toEqual(['a', 'a'])
})

describe('package.json', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  const { dependencies, devDependencies } = read('package.json') as Record<string, Record<string, string>>
  const used = new Set(imports.filter(({ ours }) => !ours).map(({ to }) => to))

  test('has no dependency that src/ does not import', () => {
    const peers = [...used].flatMap((name) =>
      dependencies?.[name] ? Object.keys(read(`node_modules/${name}/package.json`).peerDependencies ?? {}) : [],
    )
    const needed = new Set([...used, ...peers])
    expect(Object.keys(dependencies ?? {}).filter((name) => !needed.has(name))).toEqual([])
  })

  test('has every package that src/ imports, and none of them among those for development', () => {
    const own = (name: string) => /^(bun|node)(:|$)/.test(name) || builtinModules.includes(name)
    expect([...used].filter((name) => !own(name) && !dependencies?.[name])).toEqual([])
    expect(Object.keys(devDependencies ?? {}).filter((name) => dependencies?.[name])).toEqual([])
  })
})
