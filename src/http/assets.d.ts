/** Files that the bundler takes into the executable (`with { type: 'file' }`): the import is the path to read them from. */
declare module 'swagger-ui-dist/*' {
  const path: string
  export default path
}
