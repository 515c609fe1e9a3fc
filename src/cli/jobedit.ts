import { Command } from '@commander-js/extra-typings'
import type { JobInput, NewJob } from '../models.ts'
import { currentUser } from '../user.ts'
import { jobInput, propertyOptions } from './jobproperties.ts'
import { clientOptions, connect, examples, integer, jobIds, serverOption } from './options.ts'
import { wrongUsage } from './outcome.ts'
import { print, printJson } from './output.ts'
import { shellLine } from './shell.ts'

export const addCommand = () =>
  propertyOptions(serverOption(new Command('add').description('submit a job, or a group, and print its id')))
    .argument('[command...]', 'what it runs: a program and its arguments, or one line for the shell; nothing: a group')
    .option('--paused', 'it waits until it is started')
    .option(
      '--frames <ranges>',
      'a job for each frame: 1-250, 1-100x2, 1,5,10-20; the command says {frame}, or {start} and {end}',
    )
    .option('--chunk <frames>', 'frames that one job renders; default 1', integer(1))
    .option('--frame-order <order>', 'given, reversed, ends-first (an early look at the whole range) or every:N')
    .usage('[options] -- COMMAND...')
    .addHelpText(
      'after',
      examples(
        'coalition jobs add --title "Frame 1" --env SHOT=010 -- blender -b "my shot.blend" -f 1',
        'coalition jobs add --title Shot --frames 1-250 --chunk 5 -- blender -b scene.blend -s {start} -e {end} -a',
        'coalition jobs add --depends 1,2 -- "convert *.png out.gif && echo done"',
        'group=$(coalition jobs add --title "Shot 010")',
      ),
    )
    .action(async (words, options) => {
      // `-- "$cmd"` of a script whose variable is not set: a group that nobody meant would wait for ever.
      if (words.length > 0 && words.every((word) => word.trim() === '')) {
        throw wrongUsage('the command is empty; leave it out altogether to make a group')
      }
      // The same of `--frames "$range"`: one job that renders the frame `{frame}`.
      if (options.frames?.trim() === '') throw wrongUsage('--frames is empty; leave it out for a single job')
      const job: NewJob = {
        ...jobInput(options),
        frames: options.frames,
        chunk: options.chunk,
        frame_order: options.frameOrder,
        user: options.user ?? currentUser(),
        command: words.length === 0 ? '' : shellLine(words),
        paused: options.paused ? 1 : undefined,
      }
      if (!job.command && !job.title?.trim())
        throw wrongUsage('there is nothing to run: write -- COMMAND, or --title for a group')
      await print(String(await connect(options).call<number>('PUT', '/api/jobs', job)))
    })

export const editCommand = () =>
  propertyOptions(clientOptions(new Command('edit').description('change properties of jobs')))
    .argument('<id...>', 'ids of the jobs', jobIds)
    .option('--command <line>', 'what it runs')
    .addHelpText('after', examples('coalition jobs edit 12 13 --priority 2000', 'coalition jobs edit 12 --depends ""'))
    .action(async (ids, options) => {
      const changes: JobInput = { ...jobInput(options), command: options.command }
      if (Object.values(changes).every((value) => value === undefined)) {
        throw wrongUsage('nothing to change: give a property, like --priority 2000')
      }
      const answer = await connect(options).call(
        'POST',
        '/api/jobs',
        Object.fromEntries(ids.map((id) => [id, changes])),
      )
      if (options.json) return printJson(answer)
      await print(`${ids.length === 1 ? `job ${ids[0]}` : `${ids.length} jobs`} changed`)
    })
