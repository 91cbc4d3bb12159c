/** C sources are imported as text, so that they are embedded in a compiled binary. */
declare module "*.c" {
  const source: string;
  export default source;
}
