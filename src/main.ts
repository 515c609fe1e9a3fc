import { report } from './cli/outcome.ts'
import { endWithReader } from './cli/output.ts'
import { runProgram } from './cli/program.ts'

endWithReader()
try {
  await runProgram(process.argv.slice(2))
} catch (error) {
  // Not process.exit: what is written to a pipe may still be on its way.
  process.exitCode = report(error)
}
