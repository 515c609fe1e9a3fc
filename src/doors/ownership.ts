/** Whose a job is. A group's own are it and all inside: who may edit the group may edit what it holds. */
import type { Core } from '../domain/core.ts'
import { upFrom } from '../domain/path.ts'
import { FarmError } from '../errors.ts'

/** Of a job that is not there the operation says more than a refusal, which would also tell who may ask. */
export function isOwn({ rows, tree }: Pick<Core, 'rows' | 'tree'>, id: number, name: string): boolean {
  const group = tree.get(id)
  const row = group ? undefined : rows.job.get({ id })
  if (!group && !row) return true
  if (row?.user === name) return true
  return upFrom(group ?? tree.get(row?.parent ?? 0)).some((above) => above.user === name)
}

/** Throws for the first that is somebody else's. `field` is where the caller named it. */
export function refuseOthers(
  core: Pick<Core, 'rows' | 'tree'>,
  ids: Iterable<readonly [id: number, field: string | undefined]>,
  name: string,
  what: string,
): void {
  for (const [id, field] of ids)
    if (!isOwn(core, id, name))
      throw new FarmError(
        'forbidden',
        `Job ${id} is not yours: ${name} may ${what} only jobs with user '${name}', and what is in them. A wrangler may do it for you.`,
        field,
      )
}
