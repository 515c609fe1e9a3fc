/** The options of the agent, below [worker]. A part of `config.ts`. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import envPaths from 'env-paths'
import { option, type Table } from './option.ts'

export const WORKER_OPTIONS = {
  server: option({
    schema: Type.String({ maxLength: 2048 }),
    default: '',
    flag: '--server <url>',
    // The clients' variable: one name says where the server is, to an agent and to a submitter alike.
    env: 'COALITION_URL',
    description: 'address of the server; empty: ask the network for it',
  }),
  name: option({
    schema: Type.String({ minLength: 1, maxLength: 240, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
    default: hostname(),
    flag: '--name <name>',
    env: 'COALITION_WORKER_NAME',
    description: 'name of the worker; several on one machine are NAME-1, NAME-2, ...',
    defaultText: 'the host name',
  }),
  ca: option({
    schema: Type.String({ maxLength: 4096 }),
    default: '',
    flag: '--ca <file>',
    // The clients' variable, as with COALITION_URL.
    env: 'COALITION_CA',
    description: "certificate (PEM) of the authority that signed the server's, where the system does not know it",
    path: true,
  }),
  workers: option({
    schema: Type.Integer({ minimum: 1, maximum: 1000 }),
    default: 1,
    flag: '--workers <number>',
    env: 'COALITION_WORKERS',
    description: 'jobs to run at a time',
  }),
  memory: option({
    schema: Type.Integer({ minimum: 0, maximum: 10 ** 9 }),
    default: 0,
    flag: '--memory <MB>',
    env: 'COALITION_WORKER_MEMORY',
    description: 'memory that jobs may take of this machine, as far as they declare it; 0: all there is',
  }),
  cores: option({
    schema: Type.Integer({ minimum: 0, maximum: 100_000 }),
    default: 0,
    flag: '--cores <number>',
    env: 'COALITION_WORKER_CORES',
    description: 'cores that jobs may take, as far as they declare them; 0: all there are',
  }),
  gpus: option({
    schema: Type.Integer({ minimum: 0, maximum: 10_000 }),
    default: 0,
    flag: '--gpus <number>',
    env: 'COALITION_WORKER_GPUS',
    description: 'GPUs that jobs may take',
  }),
  sleep: option({
    schema: Type.Number({ minimum: 0.1, maximum: 3600 }),
    default: 2,
    flag: '--sleep <seconds>',
    env: 'COALITION_WORKER_SLEEP',
    description: 'pause between two asks for a job, where the server does not hold the first until there is one',
  }),
  startup: option({
    schema: Type.String({ maxLength: 65_536 }),
    default: '',
    flag: '--startup <command>',
    env: 'COALITION_WORKER_STARTUP',
    description: 'command to run once before the first job',
  }),
  join_token: option({
    schema: Type.String({ maxLength: 4096 }),
    default: '',
    flag: '--join-token <token>',
    env: 'COALITION_WORKER_JOIN_TOKEN',
    secret: true,
    description:
      'what a server that asks is shown for a credential of its own; better here than as a flag, which others see',
  }),
  credentials: option({
    schema: Type.String({ minLength: 1, maxLength: 4096 }),
    default: join(envPaths('coalition', { suffix: '' }).data, 'worker-credentials.json'),
    flag: '--credentials <file>',
    env: 'COALITION_WORKER_CREDENTIALS',
    description: 'where these credentials are kept',
    path: true,
    defaultText: "`worker-credentials.json` in the system's place for application data",
  }),
  runcommand: option({
    schema: Type.String({ maxLength: 65_536 }),
    default: '',
    flag: '--runcommand <template>',
    env: 'COALITION_WORKER_RUNCOMMAND',
    description: 'template that runs each job; __user__, __dir__ and __cmd__ are replaced',
  }),
} as const satisfies Table
