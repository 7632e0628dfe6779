import Module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { isLibraryPath } from './names.js';

/*
 * `node --import elf-plugin/register`: from then on `import { F, V } from './plugin_name.so'` and `require('./plugin_name.so')` open the library.
 */

/** Hooks on the thread that imports, for `import` and `require` alike. */
interface WithHooks {
  readonly registerHooks?: (hooks: typeof import('./hooks.js')) => unknown;
}

/** Of `require`, by the extension of a file; those that have none here are '.js'. */
type Handler = (module: NodeJS.Module, path: string) => void;

const { registerHooks } = Module as WithHooks;
if (registerHooks !== undefined && requireIsHooked(process.versions.node)) {
  registerHooks(require('./hooks.js') as typeof import('./hooks.js'));
} else {
  Module.register(pathToFileURL(join(__dirname, 'hooks.js')));
  hookRequire((Module as unknown as { _extensions: Record<string, Handler> })._extensions);
}

/**
 * Whether hooks of `registerHooks` serve a `require` in a CommonJS module that was itself imported: in 22.15 to 22.22, before 24.12 and in 25.0 it
 * ends in "module is not linked". `Module.register` works in all of these, and is deprecated in 26.
 */
function requireIsHooked(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 22 ? minor >= 23 : major === 24 ? minor >= 12 : major >= 26;
}

/**
 * What `Module.register` does not reach. An extension of its own would not do: that of libz.so.1 is '.1', and `require('./plugin_name')` would find
 * plugin_name.so.
 */
function hookRequire(extensions: Record<string, Handler>): void {
  const javaScript = extensions['.js'];
  extensions['.js'] = (module, path) => {
    if (!isLibraryPath(path)) {
      javaScript?.(module, path);
      return;
    }
    const { requireLibrary } = require('./live.js') as typeof import('./live.js');
    module.exports = requireLibrary(path);
  };
}
