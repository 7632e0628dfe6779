/**
 * Names that mean something else in a module: `default` is the plugin, `then` would make the module a promise to `await import()`, and `__esModule` says to
 * TypeScript and Babel what `require` gave. Symbols of these names are reached through the plugin.
 */
const RESERVED: ReadonlySet<string> = new Set(['default', 'then', '__esModule']);

/** Whether a module that stands for a library exports its symbol of that name: what is imported, and what is declared of it. */
export function isModuleExport(symbol: string): boolean {
  return !RESERVED.has(symbol);
}
