/** Vite's import of a file as a text. */
declare module "*?raw" {
  const text: string;
  // oxlint-disable-next-line import/no-default-export -- Vite's
  export default text;
}
