import { Link } from 'wouter'

/** The page of a job. */
export const jobAddress = (id: number): string => `/job/${id}`

/** To the page of a job, by its title. Out of the way of Tab: the row that it is in is what the keyboard goes to. */
export function JobLink({ id, title }: { id: number; title: string | undefined }) {
  return (
    <Link href={jobAddress(id)} tabIndex={-1} title={title ? `${title} (job ${id})` : `Job ${id}`}>
      {title || `Job ${id}`}
    </Link>
  )
}
