import { askGdb } from '../../../lib/testing/gdb.js';
import type { Typed } from '../survey.js';

/**
 * The type of the function whose code is at an address: symbols of several versions have one name, and gdb takes any of them. The function that chooses another's code
 * when the library is loaded (IFUNC) returns a pointer to it: what that points to is the type of the symbol.
 */
const FUNCTIONS = `python
def function_at(address):
    block = gdb.block_for_pc(address)
    while block is not None and not (block.function and block.superblock and block.superblock.is_static):
        block = block.superblock
    return block.function if block else None

def is_assembler(address):
    function = function_at(address)
    return function is not None and function.symtab.filename.endswith('.S')

def print_type(address, is_chosen):
    function = function_at(address)
    if function is None or is_assembler(address):
        print('no debug info')
    elif is_chosen:
        result = function.type.target()
        print('type = ' + str(result.target()) if result.code == gdb.TYPE_CODE_PTR else 'no debug info')
    else:
        print('type = ' + str(function.type))
end
`;

/** What gdb knows of a symbol by its name. */
export function askByName(library: string, symbols: readonly Typed[]): (string | undefined)[] {
  const commands = symbols.map(({ elf }) => `whatis '${elf.name}'`);
  const types = askGdb(library, commands).map(known);
  // That is also what it says of code without a type, which an assembler has made.
  const doubtful = symbols.filter((_, i) => types[i] === NO_TYPE);
  const questions = doubtful.map(({ elf }) => `python print(is_assembler(${elf.value}))`);
  const answers = askGdb(library, questions, FUNCTIONS);
  const assembler = new Set(doubtful.filter((_, i) => answers[i] === 'True'));
  return symbols.map((symbol, i) => (assembler.has(symbol) ? undefined : types[i]));
}

/** What gdb knows of the function at a symbol's address. Of variables there is no such question. */
export function askByAddress(library: string, symbols: readonly Typed[]): (string | undefined)[] {
  const commands = symbols.map(({ elf, kind, type }) =>
    type.kind === 'function'
      ? `python print_type(${elf.value}, ${kind === 'ifunc' ? 'True' : 'False'})`
      : 'echo no debug info\\n',
  );
  return askGdb(library, commands, FUNCTIONS).map(known);
}

const NO_TYPE = 'void (void)';

/** A type that gdb has; undefined if it only knows that there is code or data. */
function known(answer: string): string | undefined {
  if (answer.includes('no debug info')) return undefined;
  return /^type = (.*)/m.exec(answer)?.[1];
}
