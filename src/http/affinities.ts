import { Elysia } from 'elysia'
import type { Farm } from '../farm.ts'
import { Affinities } from '../models.ts'
import { takes } from './body.ts'
import { documented, ONE, ref } from './documented.ts'
import { done, json } from './json.ts'
import { mendAffinities } from './oldInput.ts'

/** The numbered affinities (`behaviour.md`, "Which job a worker gets"). */
export const affinityRoutes = (farm: Farm, prefix: string) =>
  new Elysia({ prefix })
    .get(
      '/affinities',
      () => json(farm.listAffinities()),
      documented({
        tag: 'Affinities',
        summary: 'The numbered affinities',
        description: 'Names by number, 1 to 63; empty: no name.',
        answer: ref('Affinities'),
      }),
    )
    .post(
      '/affinities',
      async ({ body }) => {
        await farm.setAffinities(body)
        return done()
      },
      {
        ...takes(Affinities, { empty: {}, mend: mendAffinities }),
        ...documented({
          tag: 'Affinities',
          summary: 'Name affinities',
          description: 'Names by number. Renaming one renames it on all jobs and workers.',
          answer: ONE,
          example: 1,
          problems: [400, 422],
        }),
      },
    )
