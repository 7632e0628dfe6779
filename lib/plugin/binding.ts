import { RTLD } from '../ffi/linker.js';
import { needsDeepBinding, whyNotDeep, type Newcomers } from './newcomers.js';
import type { OpenOptions } from './options.js';
import { Refusal } from './refusal.js';
import { recordedHow, recordHow } from './registry.js';

/** How a library is bound to others. That happens once: it can't be changed afterwards. */
type Binding = Required<Pick<OpenOptions, 'scope' | 'binding' | 'deepBind'>>;

const DEFAULT: Binding = { scope: 'local', binding: 'now', deepBind: 'auto' };

/** The flags of `dlopen` for a library that is about to be loaded. Refuses what would end the process. */
export function loadFlags(options: OpenOptions, newcomers: Newcomers): number {
  const { scope, binding, deepBind } = wanted(options);
  const deep = deepBind === 'auto' ? needsDeepBinding(newcomers) : deepBind;
  const reason = deepBind === true ? whyNotDeep() : undefined;
  if (reason !== undefined) throw new Refusal(`deepBind: true: ${reason}`);
  return (
    (binding === 'now' ? RTLD.NOW : RTLD.LAZY) |
    (scope === 'global' ? RTLD.GLOBAL : RTLD.LOCAL) |
    (deep ? RTLD.DEEPBIND : 0) |
    RTLD.NODELETE
  );
}

/** Writes down, for all threads, how the library has been loaded. The default goes without saying. */
export function recordBinding(handle: bigint, options: OpenOptions): void {
  const text = JSON.stringify(wanted(options));
  if (text !== JSON.stringify(DEFAULT)) recordHow(handle, text);
}

/** Refuses options that ask for another binding than the library, which is loaded already, was given. */
export function checkBinding(handle: bigint, options: OpenOptions): void {
  const text = recordedHow(handle);
  const had = text === undefined ? DEFAULT : (JSON.parse(text) as Binding);
  for (const option of ['scope', 'binding', 'deepBind'] as const) {
    const value = options[option];
    if (value === undefined || value === had[option]) continue;
    const [now, then] = [JSON.stringify(value), JSON.stringify(had[option])];
    throw new Refusal(`it is loaded with ${option}: ${then}, which can't change to ${now}`);
  }
}

function wanted({ scope, binding, deepBind }: OpenOptions): Binding {
  return {
    scope: scope ?? DEFAULT.scope,
    binding: binding ?? DEFAULT.binding,
    deepBind: deepBind ?? DEFAULT.deepBind,
  };
}
