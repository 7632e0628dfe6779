import { STT } from '../elf/constants.js';
import { ElfFile } from '../elf/file.js';
import { DynamicSymbols } from '../elf/symbol.js';
import { readHeaders, type HeaderTypes } from '../debuginfo/header-probe/header-types.js';

/** What headers say of all that a library exports. `environment` is added to this process's. */
export function headersOf(
  library: string,
  headers: readonly string[],
  environment: NodeJS.ProcessEnv,
  cflags: readonly string[] = [],
): HeaderTypes {
  const file = ElfFile.open(library);
  const exported = Array.from(DynamicSymbols.of(file).exported(), (s) => ({
    name: s.name,
    threadLocal: s.type === STT.TLS,
  }));
  return readHeaders({
    headers,
    cflags,
    library: file,
    exported,
    environment: { ...process.env, ...environment },
  });
}
