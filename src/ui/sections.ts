import type { ComponentType } from 'react'
import type { Me } from '../models.ts'
import { JobsView } from './jobs/JobsView.tsx'
import { later } from './parts/later.tsx'

const WorkersView = later(async () => (await import('./workers/WorkersView.tsx')).WorkersView)
const FarmView = later(async () => (await import('./farm/FarmView.tsx')).FarmView)
const ActivityView = later(async () => (await import('./activity/ActivityView.tsx')).ActivityView)
const AuditView = later(async () => (await import('./audit/AuditView.tsx')).AuditView)
const PeopleView = later(async () => (await import('./people/PeopleView.tsx')).PeopleView)
const AffinitiesView = later(async () => (await import('./affinities/AffinitiesView.tsx')).AffinitiesView)

export interface Section {
  label: string
  /** The address in the menu. */
  path: string
  /** All the addresses of the section, as wouter writes patterns; the server has to know them too (http/page.ts). */
  pattern: string
  view: ComponentType
  /** Addresses of pages that belong to it, and are not in the menu. */
  holds?: string
  /** Who sees it at all; default: everybody. */
  isFor?(who: Me): boolean
}

/** The pages there are: a line here, and the addresses in http/page.ts, and it is in the menu and the palette. */
const SECTIONS: readonly Section[] = [
  { label: 'Jobs', path: '/jobs', pattern: '/jobs/:id?', view: JobsView, holds: '/job/' },
  { label: 'Workers', path: '/farm/workers', pattern: '/farm/workers', view: WorkersView },
  { label: 'Farm', path: '/farm/overview', pattern: '/farm/overview', view: FarmView },
  { label: 'Activity', path: '/activity', pattern: '/activity', view: ActivityView },
  { label: 'Affinities', path: '/farm/affinities', pattern: '/farm/affinities', view: AffinitiesView },
  { label: 'People', path: '/people', pattern: '/people', view: PeopleView, isFor: (who) => who.manages_people },
  { label: 'Audit', path: '/audit', pattern: '/audit', view: AuditView, isFor: (who) => who.manages_people },
]

export const sectionsFor = (who: Me | undefined): readonly Section[] =>
  SECTIONS.filter(({ isFor }) => who !== undefined && (isFor?.(who) ?? true))
