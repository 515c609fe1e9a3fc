/** Text to the clipboard; where the browser keeps it from pages without HTTPS, as on most farms, by the old way, or as a file. */

export async function copy(text: string, file: { name: string; type: string }): Promise<'copied' | 'saved'> {
  try {
    // Undefined without HTTPS, unless the server is on this machine.
    await navigator.clipboard.writeText(text)
    return 'copied'
  } catch {
    if (copyOldWay(text)) return 'copied'
    save(text, file)
    return 'saved'
  }
}

/** What is selected in the document, by the browser's own command: no promise, and no HTTPS. */
function copyOldWay(text: string): boolean {
  const focused = document.activeElement
  const area = document.createElement('textarea')
  area.className = 'unseen'
  area.value = text
  document.body.append(area)
  area.select()
  try {
    return document.execCommand('copy')
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus()
  }
}

function save(text: string, { name, type }: { name: string; type: string }): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
