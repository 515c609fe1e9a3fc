/** A backup, a restore or a check that cannot be, in a sentence with its remedy. */
export class BackupError extends Error {
  override name = 'BackupError'
}
