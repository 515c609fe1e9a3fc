/** A page that is open when its credential ends. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { Viewer } from '../support/page.ts'
import { FROM, Shut } from './support.ts'

let shut: Shut
beforeEach(async () => {
  shut = await Shut.open()
})
afterEach(() => shut[Symbol.asyncDispose]())

/** Looks at the farm, and is told of it. */
async function watching(headers: Record<string, string>): Promise<Viewer> {
  const viewer = new Viewer(shut.url, { 'x-forwarded-for': FROM.nowhere, ...headers })
  await viewer.look({ farm: true })
  await viewer.until(({ frames }) => frames.length > 0, 'the first frame')
  return viewer
}
const withToken = (who: string) => watching({ authorization: `Bearer ${shut.tokens[who] ?? who}` })
const withSession = async (name: string) => {
  const { secret } = await shut.people.sessions.open(name)
  return { secret, viewer: await watching({ cookie: `coalition_session=${secret}` }) }
}

/** It is closed, and those beside it are not. */
async function ends(viewer: Viewer, ...others: Viewer[]): Promise<void> {
  await viewer.until(({ closed }) => closed !== undefined, 'its end')
  expect(viewer.closed?.code).toBe(1008)
  expect(viewer.closed?.reason).toContain('connect again')
  for (const other of others) {
    const before = other.frames.length
    await shut.t.farm.addJob({ title: 'news', command: 'x' })
    await other.until(({ frames }) => frames.length > before, 'news after that')
    expect(other.closed).toBeUndefined()
    await other.close()
  }
}

test('who signs out is told nothing more; another browser of theirs is', async () => {
  const one = await withSession('ann')
  const other = await withSession('ann')
  await shut.people.sessions.signOut(one.secret)
  await ends(one.viewer, other.viewer)
})

test('a token that is revoked ends what it opened, and no other token does', async () => {
  const local = { kind: 'local', name: '' } as const
  const { id, token } = await shut.people.tokens.add(local, { user: 'ann', name: 'short' })
  const viewer = await withToken(token)
  const others = [await withToken('ann'), await watching({ 'x-forwarded-for': FROM.trusted })]
  await shut.people.tokens.revoke(local, id)
  await ends(viewer, ...others)
})

test('a token that expires ends what it opened', async () => {
  const { token } = await shut.people.tokens.add({ kind: 'local', name: '' }, { user: 'ann', name: 'day', days: 1 })
  const viewer = await withToken(token)
  const other = await withToken('ann')
  shut.t.clock.now += 86_400
  await ends(viewer, other)
})

test.each([
  ['disabled', { disabled: true }],
  ['given another role', { role: 'wrangler' as const }],
  ['given other rights', { rights: ['view', 'view_all'] as ('view' | 'view_all')[] }],
])('a user who is %s begins anew', async (_, edit) => {
  const viewer = await withToken('ann')
  const other = await withToken('wim')
  await shut.people.users.edit('ann', edit)
  await ends(viewer, other)
})

test('a user who is deleted, or has a new password, is cut off', async () => {
  const [deleted, renewed, other] = [await withToken('ann'), await withSession('wim'), await withToken('ada')]
  await shut.people.users.remove('ann')
  await shut.people.users.edit('wim', { password: 'correct horse battery staple' })
  await ends(renewed.viewer)
  await ends(deleted, other)
})

test('an edit that changes nothing ends nothing', async () => {
  const [viewer, gone] = [await withToken('ann'), await withToken('wim')]
  await shut.people.users.edit('ann', { role: 'artist' })
  await shut.people.users.edit('wim', { disabled: true })
  await ends(gone, viewer)
})
