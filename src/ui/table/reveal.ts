/** Scrolls no further than it takes to show a row; `head` pixels lie over the first rows. */
export function reveal(scroller: HTMLElement | null, top: number, height: number, head = 0): void {
  if (!scroller) return
  const room = scroller.clientHeight - head
  if (top < scroller.scrollTop) scroller.scrollTop = top
  else if (top + height > scroller.scrollTop + room) scroller.scrollTop = top + height - room
}
