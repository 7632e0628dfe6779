import { compile, describeWith, run } from '../testing/tools.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { print } from '../ctypes/print.js';

const SOURCE = `
struct point { int x, y; };
extern struct point origin;
extern int unused_variable;
int called(struct point *p);
int its_address(const char *name, ...);
int unused(void);
int old();
static int own(void) { return 1; }
int defined_later(int n);
int (*pointer)(const char *, ...);
int use(void) { pointer = its_address; return called(&origin) + old(1) + own() + defined_later(2); }
int defined_later(int n) { return n; }
`;

/** The names that readelf shows at the top level of \`.debug_info\` with a DW_AT_declaration. */
function shownByReadelf(path: string): string[] {
  const entries = run('readelf', ['--debug-dump=info', path]).split(/^ <(?=\d+><)/m);
  return entries
    .filter((entry) => /^1>.*DW_TAG_(?:subprogram|variable)/.test(entry) && /DW_AT_declaration/.test(entry))
    .map((entry) => /DW_AT_name\s*:.*?(\w+)\s*$/m.exec(entry)?.[1] ?? '')
    .sort();
}

const GCC = ['called', 'its_address', 'old', 'origin'];
const COMPILERS: [compiler: string, flags: string[], names: string[]][] = [
  ['gcc', ['-O0'], GCC],
  ['gcc', ['-O1', '-gdwarf-2'], GCC],
  ['gcc', ['-O2', '-gdwarf-4', '-fdebug-types-section'], GCC],
  ['gcc', ['-O2', '-gz', '-flto'], GCC],
  ['clang', ['-O0'], []],
  ['clang', ['-O1'], ['called']],
  ['clang', ['-O2', '-gdwarf-4'], ['called']],
  ['clang', ['-O2', '-gdwarf-3'], []],
];

describe.each(COMPILERS)('%s %j', (compiler, flags, names) => {
  describeWith([compiler, 'readelf'], 'what is declared and used', () => {
    const path = (): string =>
      compile(SOURCE, { compiler, flags: ['-g', ...flags, '-shared', '-fPIC', '-w'] });

    it('is found, with its types', () => {
      const found = Array.from(new DwarfFile(path()).info.declarations());
      const shown = shownByReadelf(path());
      expect(found.map(({ name }) => name).sort()).toEqual(shown);
      expect(shown).toEqual(names);
      const text = found.map(({ name, symbol }) => print(symbol.type, name)).sort();
      const types: Record<string, string> = {
        called: 'int called(struct point *)',
        its_address: 'int its_address(const char *, ...)',
        old: 'int old()',
        origin: 'struct point origin',
      };
      expect(text.map((t) => t.replace(/\bp\)/, ')').replace('*p', '*').replace('*name', '*'))).toEqual(
        names.map((name) => types[name]).sort(),
      );
    });
  });
});
