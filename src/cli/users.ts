import { Argument, Command, Option } from '@commander-js/extra-typings'
import type { NewUser, User, UserEdit } from '../models.ts'
import { clientOptions, connect, examples } from './options.ts'
import { wrongUsage } from './outcome.ts'
import { print, printJson } from './output.ts'
import { readNewPassword } from './secret.ts'
import { type Column, formatTable, formatTime, paperOf } from './tables.ts'

const COLUMNS: Column<User>[] = [
  { title: 'NAME', value: (user) => user.name },
  { title: 'ROLE', value: (user) => user.role },
  { title: 'RIGHTS', value: (user) => (user.own_rights ? user.rights.join(' ') || 'none' : ''), shrinks: true },
  { title: 'SIGNS IN', value: (user) => (user.disabled ? 'disabled' : user.source) },
  { title: 'LAST', value: (user) => formatTime(user.signed_in) },
]

const ROLES = ['artist', 'wrangler', 'admin'] as const
const pathOf = (name: string): string => `/api/users/${encodeURIComponent(name)}`
const nameArgument = () => new Argument('<name>', 'name of the user')
const roleOption = () => new Option('--role <role>', 'what they may do').choices(ROLES)
const rightsOption = () =>
  new Option('--rights <list>', 'instead of those of the role: create,view,edit,delete, each also with _all').argParser(
    listOf,
  )

/** The server says which there are. */
const listOf = (text: string): NonNullable<NewUser['rights']> =>
  text
    .split(',')
    .map((right) => right.trim())
    .filter((right) => right !== '') as NonNullable<NewUser['rights']>

const list = () =>
  clientOptions(new Command('list').description('list the users'))
    .addHelpText('after', examples('coalition users list'))
    .action(async (options) => {
      const users = await connect(options).call<User[]>('GET', '/api/users')
      if (options.json) return printJson(users)
      await print(formatTable(users, COLUMNS, paperOf(process.stdout)))
    })

const add = () =>
  clientOptions(new Command('add').description('add a user; the password is asked for, or read from stdin'))
    .addArgument(nameArgument())
    .addOption(roleOption())
    .addOption(rightsOption())
    .option('--no-password', 'they sign in elsewhere, or by tokens')
    .addHelpText('after', examples('coalition users add ann', 'coalition users add wendy --role wrangler'))
    .action(async (name, { role, rights, password, json, ...options }) => {
      const client = connect(options)
      const user: NewUser = {
        name,
        ...(role && { role }),
        ...(rights && { rights }),
        ...(password && { password: await readNewPassword(`Password of ${name}`) }),
      }
      const made = await client.call<User>('POST', '/api/users', user)
      if (json) return printJson(made)
      await print(`user ${made.name} added: ${made.role}`)
    })

const edit = () =>
  clientOptions(new Command('edit').description('change what a user may do'))
    .addArgument(nameArgument())
    .addOption(roleOption())
    .addOption(rightsOption())
    .option('--role-rights', 'the rights are those of the role again')
    .option('--disable', 'nothing signs in for them any more')
    .option('--enable', 'they can sign in again')
    .addHelpText('after', examples('coalition users edit ann --role wrangler', 'coalition users edit bob --disable'))
    .action(async (name, { role, rights, roleRights, disable, enable, json, ...options }) => {
      if (disable && enable) throw wrongUsage('--disable and --enable exclude each other')
      if (rights && roleRights) throw wrongUsage('--rights and --role-rights exclude each other')
      const changes: UserEdit = {
        ...(role && { role }),
        ...(rights && { rights }),
        ...(roleRights && { rights: null }),
        ...((disable || enable) && { disabled: disable === true }),
      }
      if (Object.keys(changes).length === 0)
        throw wrongUsage('nothing to change: give --role, --rights, --role-rights, --disable or --enable')
      const changed = await connect(options).call<User>('POST', pathOf(name), changes)
      if (json) return printJson(changed)
      await print(`user ${changed.name} changed`)
    })

const password = () =>
  clientOptions(new Command('password').description('set the password of a user: asked for, or read from stdin'))
    .addArgument(nameArgument())
    .addHelpText('after', examples('coalition users password ann'))
    .action(async (name, options) => {
      const client = connect(options)
      const edit: UserEdit = { password: await readNewPassword(`New password of ${name}`) }
      const changed = await client.call<User>('POST', pathOf(name), edit)
      if (options.json) return printJson(changed)
      await print(`password of ${changed.name} set; their sessions have ended`)
    })

const remove = () =>
  clientOptions(new Command('delete').description('delete a user, with sessions and tokens; jobs stay'))
    .addArgument(nameArgument())
    .addHelpText('after', examples('coalition users delete ann'))
    .action(async (name, options) => {
      const answer = await connect(options).call('DELETE', pathOf(name))
      if (options.json) return printJson(answer)
      await print(`user ${name} deleted`)
    })

export const usersCommand = () =>
  new Command('users')
    .description('list, add and change users')
    .addCommand(list())
    .addCommand(add())
    .addCommand(edit())
    .addCommand(password())
    .addCommand(remove())
    .addHelpText('after', examples('coalition users add ann'))
