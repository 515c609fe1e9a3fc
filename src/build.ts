/** `bun src/build.ts`: dist/coalition for this machine; `--all`: for all systems, one file each. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundlePage } from './bundle.ts'
import { VERSION } from './version.ts'

const ROOT = resolve(import.meta.dir, '..')
const DIST = join(ROOT, 'dist')

const TARGETS = {
  'bun-linux-x64': 'coalition-linux-x64',
  'bun-linux-arm64': 'coalition-linux-arm64',
  'bun-darwin-x64': 'coalition-macos-x64',
  'bun-darwin-arm64': 'coalition-macos-arm64',
  'bun-windows-x64': 'coalition-windows-x64.exe',
} as const satisfies Partial<Record<Bun.Build.CompileTarget, string>>

async function build(name: string, target?: keyof typeof TARGETS): Promise<void> {
  const began = performance.now()
  // A running executable cannot be written over; a rename works on Linux and macOS, and leaves no half file behind.
  // In a folder of its own, because the file's name becomes part of what is built.
  const outfile = join(DIST, name)
  const folder = mkdtempSync(join(DIST, '.part-'))
  const part = join(folder, name)
  try {
    await Bun.build({
      // Beside the program the threads that it begins.
      entrypoints: [join(ROOT, 'src/main.ts'), join(ROOT, 'src/db/checkpoint.ts')],
      // Renamed identifiers break the handlers that Elysia compiles at run time.
      minify: { syntax: true, whitespace: true, identifiers: false },
      // 1.4 MB of 114: without it an error in a farm's log is line 33, column 40529, and 2000 characters of that line.
      sourcemap: 'inline',
      define: { 'process.env.NODE_ENV': '"production"', PAGE_FILES: page },
      compile: {
        outfile: part,
        ...(target && { target }),
        // Its options come from flags, COALITION_* and coalition.toml: a stranger's .env in the working directory is none.
        autoloadDotenv: false,
        autoloadBunfig: false,
      },
    })
    renameSync(part, outfile)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const megabytes = (statSync(outfile).size / 1e6).toFixed(0)
  console.log(`dist/${name} ${VERSION}: ${megabytes} MB in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

const [flag, ...more] = process.argv.slice(2)
if ((flag !== undefined && flag !== '--all') || more.length > 0) {
  console.error(`bun src/build.ts [--all]: "${[flag, ...more].join(' ')}" is not known`)
  process.exit(2)
}
mkdirSync(DIST, { recursive: true })
/** A build of its own: only the server's identifiers have to stay as they are. */
const page = JSON.stringify(await bundlePage({ small: true }))
if (flag === '--all') {
  for (const [target, name] of Object.entries(TARGETS)) await build(name, target as keyof typeof TARGETS)
} else {
  await build(process.platform === 'win32' ? 'coalition.exe' : 'coalition')
}
