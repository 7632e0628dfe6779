import { isModuleExport } from '../library/module-names.js';
import { readLibrary, realPath } from '../plugin/file.js';
import { Refusal } from '../plugin/refusal.js';
import { blaming } from './blame.js';
import type { Importer } from './importer.js';

/** The names that a module of the library at `path` exports, read from the file. Throws a `PluginError` for what can't be loaded anyway. */
export function readNames(path: string, importer: Importer): string[] {
  return blaming(
    () => {
      try {
        const library = readLibrary(realPath(path));
        const names = library.exportedNames().filter(isModuleExport);
        library.file.close();
        return names;
      } catch (error) {
        throw error instanceof Refusal ? error.toPluginError(path, path) : error;
      }
    },
    path,
    importer,
  );
}
