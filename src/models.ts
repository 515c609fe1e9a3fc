/**
 * What HTTP, OpenAPI, the command line and the workers agree on. Columns come from the tables (drizzle-typebox), so a
 * field is written down once; where the wire differs from the row, the model says so.
 */

export * from './models/audit.ts'
export { Id, LIST_LIMIT, MAX_ID, WorkerName } from './models/common.ts'
export * from './models/doors.ts'
export * from './models/farm.ts'
export * from './models/jobs.ts'
export * from './models/people.ts'
export * from './models/workers.ts'
