/** All commands in one tree. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { VERSION } from '../version.ts'
import { auditCommand } from './audit.ts'
import { backupCommand, restoreCommand } from './backup.ts'
import { checkCommand } from './check.ts'
import { demoCommand, demoFrameCommand, demoJoinCommand } from './demo.ts'
import { eventsCommand } from './events.ts'
import { importCommand } from './import.ts'
import { jobsCommand } from './jobs.ts'
import { limitsCommand } from './limits.ts'
import { examples } from './options.ts'
import { serveCommand } from './serve.ts'
import { signinCommand, signoutCommand } from './signin.ts'
import { tokensCommand } from './tokens.ts'
import { upCommand } from './up.ts'
import { usersCommand } from './users.ts'
import { workerCommand, workerGuardCommand } from './worker.ts'
import { workersCommand } from './workers.ts'

export function createProgram() {
  const program = new Command('coalition')
    .description('A job manager for render farms. Without a command it runs the server.')
    .addCommand(serveCommand(), { isDefault: true })
    .addCommand(workerCommand())
    .addCommand(upCommand())
    .addCommand(jobsCommand())
    .addCommand(workersCommand())
    .addCommand(eventsCommand())
    .addCommand(limitsCommand())
    .addCommand(auditCommand())
    .addCommand(usersCommand())
    .addCommand(tokensCommand())
    .addCommand(signinCommand())
    .addCommand(signoutCommand())
    .addCommand(importCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(checkCommand())
    .addCommand(demoCommand())
    .addCommand(workerGuardCommand(), { hidden: true })
    .addCommand(demoFrameCommand(), { hidden: true })
    .addCommand(demoJoinCommand(), { hidden: true })
    .addHelpText(
      'after',
      examples(
        'coalition demo --up',
        'coalition up',
        'coalition jobs add --title "Shot 010" -- blender -b shot.blend -f 1',
      ),
    )
  everywhere(program)
  return program
}

/** Settings are not inherited by commands that were made elsewhere. */
function everywhere(command: CommandUnknownOpts): void {
  command
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .showHelpAfterError(`(${nameOf(command)} --help says more)`)
  for (const child of command.commands) everywhere(child)
}

const nameOf = (command: CommandUnknownOpts): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()

/** Throws what `outcome.ts` makes an exit code of. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const program = createProgram()
  const [first] = words
  // As there is a default command, commander takes a misspelt one for an argument of it.
  if (first && !first.startsWith('-') && first !== 'help' && !program.commands.some((c) => c.name() === first)) {
    program.error(`error: unknown command '${first}'`)
  }
  await program.parseAsync(words, { from: 'user' })
}
