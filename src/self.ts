/**
 * How this program starts itself again: `up` its agent, the agent a job that calls `$COALITION`. An executable is
 * one file; from source it takes Bun and the entry.
 */
import { resolve } from 'node:path'

export function commandOf(program: { standalone: boolean; execPath: string; entry: string }): string[] {
  return program.standalone ? [program.execPath] : [program.execPath, program.entry]
}

export function selfCommand(): string[] {
  return commandOf({
    standalone: Bun.isStandaloneExecutable,
    execPath: process.execPath,
    // Not Bun.main: under `bun test` that is a test file, which would start the tests again from inside a test.
    entry: resolve(import.meta.dir, 'main.ts'),
  })
}
