interface ProblemProps {
  /** Undefined: there is none, and nothing is shown. */
  words: string | undefined
  /** It is one field's, and stands below it. */
  field?: boolean
  id?: string
}

/** Why something did not go, as the server words it; said aloud too. */
export const Problem = ({ words, field = false, id }: ProblemProps) =>
  words !== undefined && (
    <p id={id} className={field ? 'field-error' : 'form-error'} role="alert">
      {words}
    </p>
  )
