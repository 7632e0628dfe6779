import { copyRelocated } from '../elf/relocation.js';
import { ElfFile } from '../elf/file.js';
import { DynamicSymbols } from '../elf/symbol.js';
import { STT } from '../elf/constants.js';

/**
 * The main program, Node itself. It exports tens of thousands of symbols, which take the place of a plugin's own of the same name unless
 * that is bound to itself, and it holds the live copies of a few of libc's variables.
 */
export class MainProgram {
  readonly symbols: DynamicSymbols;
  readonly #file: ElfFile;
  #copied: Set<string> | undefined;

  constructor() {
    this.#file = ElfFile.open('/proc/self/exe');
    this.symbols = new DynamicSymbols(this.#file);
  }

  /** The variables that it has copied out of its libraries: `environ`, `stdout` … */
  get copied(): ReadonlySet<string> {
    return (this.#copied ??= copyRelocated(this.#file));
  }

  exportsFunction(name: string): boolean {
    return this.symbols.lookup(name)?.type === STT.FUNC;
  }

  /** Whether it exports a variable of that name, which then may stand for a library's own. */
  exportsVariable(name: string): boolean {
    return this.symbols.lookup(name)?.type === STT.OBJECT;
  }
}

let program: MainProgram | undefined;

export function mainProgram(): MainProgram {
  return (program ??= new MainProgram());
}
