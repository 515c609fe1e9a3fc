/** What this machine has for jobs that declare what they take; all slots of the agent share it. */
import { availableParallelism, hostname, totalmem } from 'node:os'
import type { PickRequest } from '../protocol.ts'

export type Machine = Required<Pick<PickRequest, 'host' | 'memory' | 'cores' | 'gpus'>>

const MB = 1024 * 1024

/** 0 cores, or 0 MB: all there is. GPUs are not looked for: who has some says so. */
export const machineOf = ({ memory, cores, gpus }: { memory: number; cores: number; gpus: number }): Machine => ({
  host: hostname(),
  memory: memory || Math.floor(totalmem() / MB),
  cores: cores || availableParallelism(),
  gpus,
})
