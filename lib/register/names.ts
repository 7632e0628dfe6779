/** File names of shared objects as linkers and packagers write them: `plugin_name.so`, `libz.so.1`, `libz.so.1.2.13`. */
const LIBRARY = /\.so(?:\.\d+)*$/;

/** Whether `import` and `require` take the file at `path` for a library: its real name says so. */
export function isLibraryPath(path: string): boolean {
  return LIBRARY.test(path);
}

/** The same for a module's URL, which may have a query: another one makes another module, of the same library. */
export function isLibraryUrl(url: string): boolean {
  return url.startsWith('file:') && LIBRARY.test(url.replace(/[?#].*$/s, ''));
}
