import { later } from '../parts/later.tsx'

export const JobDialogs = later(async () => (await import('./JobQuestions.tsx')).JobQuestions, { whenIdle: true })
