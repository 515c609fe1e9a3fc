/**
 * What each route asks of whoever calls it. Every route of the server stands here: one that does not is refused, and fails
 * a test (tests/doors/routes.test.ts).
 */
export type Need = { readonly by: Door; readonly jobs?: JobsNamed; readonly changes?: true }

/**
 * `open`: whoever reaches the port. `known`: any but nobody. `view`, `create`, `edit`, `delete`: the right of that name. `own`:
 * of that person's own account. `manage`: workers, limits, affinities. `admin`: users, credentials, the audit. `worker`: its
 * own calls.
 */
export const DOORS = ['open', 'known', 'view', 'create', 'edit', 'delete', 'own', 'manage', 'admin', 'worker'] as const
export type Door = (typeof DOORS)[number]

/** Where the jobs stand that the call is about: for who has a right for his own only. */
export type JobsNamed =
  /** `:id` of the path. */
  | 'path'
  /** What is in `:id` of the path; in 0, the root, who may see his own only gets the list of those. */
  | 'list'
  /** The body is a list of ids. */
  | 'ids'
  /** The body is an object by ids. */
  | 'keys'
  /** The children of the root; who may see his own only gets the list of those. */
  | 'roots'
  /** New ones. */
  | 'new'
  /** All jobs there are, in one answer. */
  | 'all'

const OPEN: Need = { by: 'open' }
const KNOWN: Need = { by: 'known' }
const FARM: Need = { by: 'view' }
const ALL_JOBS: Need = { by: 'view', jobs: 'all' }
const ONE_JOB: Need = { by: 'view', jobs: 'path' }
const EDIT: Need = { by: 'edit', jobs: 'ids', changes: true }
const CREATE: Need = { by: 'create', jobs: 'new', changes: true }
const MANAGE: Need = { by: 'manage', changes: true }
const ADMIN: Need = { by: 'admin' }
const OWN: Need = { by: 'own' }
export const WORKER: Need = { by: 'worker', changes: true }

/** Where Coalition 4's page made its calls: those of /api, not documented twice. */
export const WEB_FRONTEND = '/api/webfrontend'

export const ACCESS: Readonly<Record<string, Need>> = {
  // The page itself shows nothing: what it shows it asks for, and it has to be there to ask for a password.
  'GET /page/:file': OPEN,
  'GET /': OPEN,
  'GET /jobs': OPEN,
  'GET /jobs/:id': OPEN,
  'GET /job/:id': OPEN,
  'GET /farm/overview': OPEN,
  'GET /farm/workers': OPEN,
  'GET /farm/affinities': OPEN,
  'GET /activity': OPEN,
  'GET /people': OPEN,
  'GET /audit': OPEN,
  'GET /firstadmin': OPEN,
  'GET /oidc/callback': OPEN,
  'GET /docs': KNOWN,
  'GET /docs/json': KNOWN,
  'GET /docs/start.js': KNOWN,
  'GET /docs/swagger-ui-bundle.js': KNOWN,
  'GET /docs/swagger-ui.css': KNOWN,
  'GET /docs/favicon.png': KNOWN,

  'GET /api/jobs': { by: 'view', jobs: 'roots' },
  'PUT /api/jobs': CREATE,
  'POST /api/jobs': { by: 'edit', jobs: 'keys', changes: true },
  'DELETE /api/jobs': { by: 'delete', jobs: 'ids', changes: true },
  'GET /api/jobs/where': KNOWN,
  'GET /api/jobs/users': ALL_JOBS,
  'GET /api/jobs/states': ALL_JOBS,
  'GET /api/jobs/workers': ALL_JOBS,
  'GET /api/jobs/priorities': ALL_JOBS,
  'GET /api/jobs/affinities': ALL_JOBS,
  'POST /api/getjobs': { by: 'view', jobs: 'ids' },
  'GET /api/jobs/:id': ONE_JOB,
  'GET /api/jobs/:id/children': { by: 'view', jobs: 'list' },
  'GET /api/jobs/:id/childrendependencies': ONE_JOB,
  'GET /api/jobs/:id/order': { by: 'view', jobs: 'list' },
  'GET /api/jobs/:id/dependencies': ONE_JOB,
  'POST /api/jobs/:id/dependencies': { by: 'edit', jobs: 'path', changes: true },
  'GET /api/jobs/:id/log': ONE_JOB,
  'GET /api/jobs/:id/log/file': ONE_JOB,
  'GET /api/jobs/:id/log/matches': ONE_JOB,
  'GET /api/jobs/:id/why': ONE_JOB,
  'GET /api/jobs/:id/frames': ONE_JOB,
  'GET /api/jobs/:id/graph': ONE_JOB,
  'GET /api/jobs/:id/events': ONE_JOB,
  'GET /api/jobs/:id/blocklist': ONE_JOB,
  'DELETE /api/jobs/:id/blocklist': { by: 'edit', jobs: 'path', changes: true },
  'POST /api/resetjobs': EDIT,
  'POST /api/reseterrorjobs': EDIT,
  'POST /api/startjobs': EDIT,
  'POST /api/pausejobs': EDIT,
  'GET /api/events': ALL_JOBS,
  'WS /api/stream': { by: 'view', jobs: 'all', changes: true },

  'GET /api/workers': FARM,
  'GET /api/workers/:name/why': FARM,
  'POST /api/workers': MANAGE,
  'DELETE /api/workers': MANAGE,
  'POST /api/terminateworkers': MANAGE,
  'POST /api/stopworkers': MANAGE,
  'POST /api/startworkers': MANAGE,
  'GET /api/affinities': FARM,
  'POST /api/affinities': MANAGE,
  'GET /api/limits': FARM,
  'POST /api/limits': MANAGE,
  'GET /api/farm/history': FARM,
  'GET /api/farm/attention': ALL_JOBS,
  'GET /api/health': KNOWN,

  // Who is known to nobody yet has to come in somewhere.
  'GET /api/me': OPEN,
  'POST /api/signin': { by: 'open', changes: true },
  'POST /api/signin/provider': { by: 'open', changes: true },
  'POST /api/signin/provider/answer': { by: 'open', changes: true },
  'POST /api/signout': { by: 'open', changes: true },
  'POST /api/firstadmin': { by: 'open', changes: true },
  'POST /api/me/password': { by: 'own', changes: true },
  'GET /api/tokens': OWN,
  'POST /api/tokens': { by: 'own', changes: true },
  'DELETE /api/tokens/:id': { by: 'own', changes: true },
  'GET /api/users': ADMIN,
  'POST /api/users': { by: 'admin', changes: true },
  'GET /api/users/:name': ADMIN,
  'POST /api/users/:name': { by: 'admin', changes: true },
  'DELETE /api/users/:name': { by: 'admin', changes: true },
  'GET /api/audit': ADMIN,

  'POST /api/workers/join': { by: 'open', changes: true },
  'POST /api/workers/jointoken': { by: 'admin', changes: true },
  'DELETE /api/workers/jointoken': { by: 'admin', changes: true },
  'GET /api/workers/credentials': { by: 'manage' },
  'DELETE /api/workers/credentials': MANAGE,
  'POST /api/workers/:name/pick': WORKER,
  'POST /api/workers/:name/leave': WORKER,
  'POST /api/runs/:run/heartbeat': WORKER,
  'POST /api/runs/:run/end': WORKER,
  'POST /api/runs/:run/release': WORKER,
  'POST /workers/pickjob': WORKER,
  'GET /workers/pickjob': WORKER,
  'POST /workers/heartbeat': WORKER,
  'GET /workers/heartbeat': WORKER,
  'POST /workers/endjob': WORKER,
  'GET /workers/endjob': WORKER,
  'GET /xmlrpc/addjob': CREATE,
  'POST /xmlrpc/addjob': CREATE,
  'GET /json/addjob': CREATE,
  'POST /json/addjob': CREATE,
}

/** As the tables of routes name a call. `route` as the app lists it; a HEAD asks for what a GET answers. */
export function callName(method: string, route: string): string {
  const path = route.startsWith(`${WEB_FRONTEND}/`) ? `/api${route.slice(WEB_FRONTEND.length)}` : route
  return `${method === 'HEAD' ? 'GET' : method} ${path}`
}

const OPEN_PATHS = Object.entries(ACCESS)
  .filter(([, { by }]) => by === 'open')
  .map(([call]) => {
    const [method = '', path = ''] = call.split(' ')
    return { method, pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace(/\/$/, '')}/?$`) }
  })

/** Before there is a route: nobody gets further than these. */
export const isOpen = (method: string, pathname: string): boolean =>
  OPEN_PATHS.some((open) => open.method === (method === 'HEAD' ? 'GET' : method) && open.pattern.test(pathname))
