import { type RefObject, useEffect, useRef } from 'react'

/** For a form: each refusal leads to the field that it is about, or to its words. Either may be far out of sight. */
export function useFault(refused: Error | undefined): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (!refused) return
    const field = form.current?.querySelector<HTMLElement>('.field-input[aria-invalid="true"]')
    field?.focus({ preventScroll: true })
    // The buttons at the foot lie over the end of what scrolls: in the middle it is seen.
    ;(field ?? form.current?.querySelector('.form-error'))?.scrollIntoView({ block: 'center' })
  }, [refused])
  return form
}
