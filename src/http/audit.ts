import { Elysia, t } from 'elysia'
import { AUDIT_KINDS, AUDIT_OUTCOMES, type AuditRow } from '../db/schema.ts'
import type { Refusals } from '../doors/refusals.ts'
import type { Farm } from '../farm.ts'
import { documented, listOf } from './documented.ts'
import { json } from './json.ts'
import { integer, oneOf, optionalText } from './params.ts'

/** Records of a page when nobody says how many, and at most. */
const PAGE = 200
const LARGEST_PAGE = 1000

const auditQuery = t.Object({
  who: optionalText('By this user or worker', 'ann'),
  action: optionalText('What was done, as jobs.edit, or all that begins so, as jobs', 'jobs.edit'),
  kind: optionalText(`To what: one of ${AUDIT_KINDS.join(', ')}`, 'job'),
  object: optionalText('The id or the name', '12'),
  address: optionalText('From this address', '10.1.2.3'),
  outcome: optionalText('done or refused', 'refused'),
  text: optionalText('Anywhere in it, whatever the case', 'priority'),
  since: integer('At this time or later, seconds since the epoch', 1763900000),
  until: integer('At this time or earlier', 1763900000),
  limit: integer(`How many at most; default ${PAGE}, at most ${LARGEST_PAGE}`, PAGE, 1, LARGEST_PAGE),
  after: integer('Go on after the record of this id, the last of the page before', 1, 1),
})

/** Who changed what; for who looks after people (doors/access.ts). */
export const auditRoutes = (farm: Farm, refusals: Refusals) =>
  new Elysia({ prefix: '/api' }).get(
    '/audit',
    async ({ query: { limit = PAGE, after, kind, outcome, ...filter } }) => {
      await refusals.flush()
      return json(
        await farm.listAudit(
          {
            ...filter,
            kind: kind === undefined ? undefined : oneOf<AuditRow['kind']>('kind', [kind], AUDIT_KINDS)[0],
            outcome:
              outcome === undefined ? undefined : oneOf<AuditRow['outcome']>('outcome', [outcome], AUDIT_OUTCOMES)[0],
          },
          { limit, after },
        ),
      )
    },
    {
      query: auditQuery,
      ...documented({
        tag: 'People',
        summary: 'The audit',
        description:
          'Who changed what, when and from where, the newest first: one record for each call that changed something, and for those that were refused. Filters combine.',
        answer: listOf('AuditRecord'),
        problems: [401, 403, 422],
      }),
    },
  )
