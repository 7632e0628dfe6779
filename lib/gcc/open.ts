import { isPluginError, PluginError } from '../errors.js';
import type { OpenOptions } from '../plugin/options.js';
import type { Plugin } from '../plugin/plugin.js';

/** Not needed to compile only, and with it koffi. */
const opener = () => require('../plugin/open.js') as typeof import('../plugin/open.js');

/**
 * Opens what was compiled. The linker resolves names now and not when it was linked, since a plugin may use what its process has: of one that is nowhere the
 * error is about the source, `name`, and not about a file in the cache. `help`: what is said of the missing symbol.
 */
export function openCompiled(
  path: string,
  options: OpenOptions,
  name: string,
  help: (symbol: string) => string,
): Plugin {
  try {
    return opener().open(path, options);
  } catch (error) {
    const { dlerror = '' } = isPluginError(error) ? error : {};
    const [, file, symbol] = /^(.*?): undefined symbol: (\S+)$/.exec(dlerror) ?? [];
    // Of a library that it needs, the error says which.
    if (file !== path || symbol === undefined) throw error;
    const text = `compile: ${name}: undefined symbol: ${symbol}\n  ${help(symbol)}`;
    throw new PluginError('ERR_PLUGIN_OPEN', text, { path, dlerror, symbol, cause: error });
  }
}
