/**
 * Python source that Python 2.7 and 3 both read back as the same text, whatever is in it: only printable ASCII is written
 * as it is, all else is escaped, so nothing a user typed can leave its quotes on a worker that evaluates the answer
 * (`behaviour.md`, "The wire that existing workers speak").
 */
export function pythonText(text: string): string {
  let escaped = ''
  let unicode = false
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (character === "'" || character === '\\') escaped += `\\${character}`
    else if (code >= 0x20 && code < 0x7f) escaped += character
    else if (code < 0x80) escaped += `\\x${hex(code, 2)}`
    else {
      unicode = true
      escaped += code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
    }
  }
  // In Python 2 '…' is bytes and knows no \u; ASCII is the same text either way.
  return unicode ? `u'${escaped}'` : `'${escaped}'`
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0')
