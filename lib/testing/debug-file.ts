import { existsSync } from 'node:fs';

import { inspect } from '../library/inspect.js';

/** Where a package puts the debug file of an installed library, whether it is there or not. */
export function installedDebugFile(library: string | undefined): string {
  const { buildId = '' } = library !== undefined && existsSync(library) ? inspect(library) : {};
  return `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
}
