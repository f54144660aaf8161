/** What importing a migration gives: its text. */
declare module '*.sql' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: an imported text has no other name
  export default text;
}
