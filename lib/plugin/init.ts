import { bare } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import type { Library } from '../library/library.js';
import type { Loaded } from '../symbols/table.js';
import { Plugin } from './plugin.js';
import { Refusal } from './refusal.js';
import { awaitInits, runInit } from './registry.js';

/**
 * Runs the init function that was asked for, if it has not run in this process, or waits for one that runs in another thread. Throws a
 * `Refusal` if one of the library's has failed, now or before.
 */
export function initialise(init: string | undefined, library: Library, loaded: Loaded): void {
  const failure =
    init === undefined
      ? awaitInits(loaded.handle)
      : runInit(loaded.handle, init, initFunction(init, library, loaded));
  if (failure === undefined) return;
  const { reason, previous, cause } = failure;
  throw new Refusal(reason, { code: 'ERR_PLUGIN_INIT', previous, cause });
}

/** The call of the exported `void name(void)` or `int name(void)`, whose result says whether it has failed. */
function initFunction(name: string, library: Library, loaded: Loaded): () => number {
  const result = resultOfInit(name, library);
  return () => {
    const call = new Plugin(library, loaded, 'bigint').lookup(name);
    return result === 'void' ? (call(), 0) : Number(call());
  };
}

/** What an init function returns; throws a `Refusal` for what is none. Says so before the library is loaded, too. */
export function resultOfInit(name: string, library: Library): 'void' | 'int' {
  const symbol = library.find(name);
  if (symbol === undefined) {
    const reason = `could not find symbol ${name}: the library does not export it`;
    throw new Refusal(reason, { code: 'ERR_PLUGIN_SYMBOL', symbol: name });
  }
  const { type, reason } = library.typed(symbol);
  const result =
    type?.kind === 'function' && type.parameters.length === 0 && !type.variadic
      ? bare(type.result)
      : undefined;
  if (result?.kind !== 'void' && !(result?.kind === 'int' && result.size === 4)) {
    const is = type === undefined ? `of unknown type (${reason ?? 'no types'})` : print(type, name);
    const text = `init function ${name} is ${is}, not void (void) or int (void)`;
    throw new Refusal(text, { code: 'ERR_PLUGIN_INIT', symbol: name });
  }
  return result.kind;
}
