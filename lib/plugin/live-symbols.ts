import { STT } from '../elf/constants.js';
import { currentHost } from '../elf/host.js';
import { writeInterposer } from '../elf/interposer.js';
import { messageOf } from '../errors.js';
import { mainSymbolAddress } from '../ffi/linker.js';
import { MemoryFile } from '../ffi/memory-file.js';
import { startupObjects, type StartupObject } from './main-program.js';
import { handlesOfOthers, isDefinedByOthers, tablesOf, type Newcomers } from './newcomers.js';
import { Refusal } from './refusal.js';

/**
 * What is loaded in place of a library that is bound deeply: an object that needs it, and that defines the symbols which deep binding would bind to what is
 * dead. With RTLD_DEEPBIND the linker looks into what `dlopen` was given, then into what that needs, and into the main program after that. So the library and
 * what comes with it are bound rightly before their constructors run, and nothing has to be mended in read-only memory afterwards. The object stays
 * loaded, as they do. Undefined if there is nothing to define.
 */
export function interposerFor(path: string, newcomers: Newcomers): MemoryFile | undefined {
  // musl binds nothing deeply.
  if (mainSymbolAddress('gnu_get_libc_version') === undefined) return undefined;
  const symbols = liveSymbols(newcomers);
  if (symbols.size === 0) return undefined;
  try {
    return new MemoryFile('elf-plugin', writeInterposer({ host: currentHost(), needed: path, symbols }));
  } catch (error) {
    const reason = `deep binding would take variables of the main program from it: ${messageOf(error)}`;
    throw new Refusal(reason, { lines: ['deepBind: false opens it, bound to the functions of Node'] });
  }
}

/**
 * The addresses that symbols have for the rest of the process where deep binding would find others: what the main program has copied out of its libraries, with the
 * copies the live ones (`environ`, `stdout`, `std::cout`: psABI x86-64 "Copy Relocations"), what it or a preloaded library puts in place of a function of theirs,
 * and the functions that allocate memory, for what one library allocates another one frees.
 */
function liveSymbols(newcomers: Newcomers): Map<string, bigint> {
  const interposers = startupObjects().filter(({ kind }) => kind !== 'needed');
  const imported = new Map<string, string | undefined>();
  for (const table of tablesOf(newcomers))
    for (const { filter } of interposers)
      for (const { name, type, version } of table.imported(filter))
        if (type !== STT.TLS) imported.set(name, version);
  const own = new Set<string>();
  for (const table of tablesOf(newcomers))
    for (const name of [...imported.keys(), ...ALLOCATION])
      if (table.lookup(name) !== undefined) own.add(name);
  const others = handlesOfOthers(newcomers);
  const symbols = new Map<string, bigint>();
  for (const [name, version] of imported) {
    // Asked first: by being asked for, a variable of Node's that is one in the process would become everybody's.
    if (own.has(name) || isDefinedByOthers(others, name)) continue;
    const address = mainSymbolAddress(name, version);
    if (address !== undefined && interposers.some((o) => isIn(o, address))) symbols.set(name, address);
  }
  for (const name of ALLOCATION) {
    if (!own.has(name) && !isDefinedByOthers(others, name)) continue;
    const address = mainSymbolAddress(name);
    if (address !== undefined && startupObjects().some((o) => isIn(o, address))) symbols.set(name, address);
  }
  return symbols;
}

/**
 * What takes the place of `malloc` (glibc manual, "Replacing malloc"), and C++'s `operator new` and `operator delete`, single and of arrays, as they are mangled where
 * `size_t` is `unsigned long` (Itanium C++ ABI §5.1).
 */
const ALLOCATION: ReadonlySet<string> = new Set([
  ...['malloc', 'free', 'calloc', 'realloc', 'reallocarray', 'malloc_usable_size'],
  ...['aligned_alloc', 'memalign', 'posix_memalign', 'pvalloc', 'valloc'],
  ...['_Znw', '_Zna'].flatMap((operator) =>
    ['', 'St11align_val_t'].flatMap((align) => both(`${operator}m${align}`)),
  ),
  ...['_Zdl', '_Zda'].flatMap((operator) =>
    ['', 'St11align_val_t'].flatMap((align) => [`${operator}Pvm${align}`, ...both(`${operator}Pv${align}`)]),
  ),
]);

function both(name: string): string[] {
  return [name, `${name}RKSt9nothrow_t`];
}

function isIn({ start, end }: StartupObject, address: bigint): boolean {
  return start <= address && address < end;
}
