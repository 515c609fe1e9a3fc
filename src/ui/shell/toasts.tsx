import { Toast } from '@base-ui/react/toast'
import { Icon } from '../parts/Icon.tsx'

const manager = Toast.createToastManager()

/** What went well, and is worth a word. */
export const say = (title: string): void => {
  manager.add({ title, type: 'said', timeout: 4000 })
}

/** The server's own words, or why it could not be asked. They stay until they are read. */
export const complain = (title: string, error: unknown): void => {
  manager.add({
    title,
    description: error instanceof Error ? error.message : String(error),
    type: 'refused',
    priority: 'high',
    timeout: 15_000,
  })
}

/** What is done sooner is not worth a word. */
const WORTH_MS = 500

/** Something that takes a while: said when it does, with how far it is, until it ends. */
export function working(title: string): { tell(how: string): void; end(): void } {
  let id: string | undefined
  let description = ''
  const timer = setTimeout(() => {
    id = manager.add({ title, description, type: 'said', timeout: 0 })
  }, WORTH_MS)
  return {
    tell(how) {
      description = how
      if (id !== undefined) manager.update(id, { description })
    },
    end() {
      clearTimeout(timer)
      if (id !== undefined) manager.close(id)
    },
  }
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function List() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-kind={toast.type}>
      <Toast.Content className="toast-content">
        <div>
          <Toast.Title className="toast-title" />
          <Toast.Description className="toast-words" />
        </div>
        <Toast.Close className="icon-button" aria-label="Close">
          <Icon name="close" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
