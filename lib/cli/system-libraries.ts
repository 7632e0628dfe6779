import { LdCache } from '../elf/ldcache.js';
import { orUndefined } from '../errors.js';

/** The names by which `findLibrary` finds the libraries that ldconfig knows: `z` for `libz.so.1`. Empty without its cache, as with musl. */
export function systemLibraries(): Set<string> {
  const entries = orUndefined(() => LdCache.read()?.entries) ?? [];
  return new Set(entries.flatMap(({ name }) => /^lib(.+?)\.so/.exec(name)?.[1] ?? []));
}
