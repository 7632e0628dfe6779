/** The C library as it is installed: stripped, with Debian's debug file for it (libc6-dbg) found by its build-id. */
import { findLibrary } from '../elf/search.js';
import { print } from '../ctypes/print.js';
import { inspect } from '../library/inspect.js';
import { childValue, runChild } from '../testing/run-child.js';
import { installedDebugFile } from '../testing/debug-file.js';
import { asGdb, gdbTypes } from '../testing/gdb.js';
import { describeWith } from '../testing/tools.js';

const LIBC = findLibrary('c') ?? '/libc.so.6';
const DEBUG = installedDebugFile(LIBC);

describeWith([LIBC, DEBUG], 'libc', () => {
  const { symbols, typeSource } = inspect(LIBC);
  const types = new Map(symbols.map((s) => [s.name, s.type?.ctype]));

  it('has its types from the separate file', () => {
    expect(typeSource).toBe(`DWARF in ${DEBUG}`);
    const text = (name: string): string => print(types.get(name) ?? { kind: 'void' }, name);
    expect(text('printf')).toBe('int printf(const char *format, ...)');
    expect(text('qsort')).toBe('void qsort(void *b, size_t n, size_t s, __compar_fn_t cmp)');
    expect(text('strlen')).toBe('size_t strlen(const char *)');
    expect(text('div')).toBe('div_t div(int numer, int denom)');
    expect(text('getenv')).toBe('char *getenv(const char *name)');
    expect(text('environ')).toBe('char **environ');
    expect(text('stdout')).toBe('FILE *stdout');
  });

  it('has a type for nearly all', () => {
    const untyped = symbols.filter((s) => s.type === undefined && s.kind !== 'absolute');
    // What is written in assembler without a declaration, and what is kept for old programs only.
    expect(untyped.length).toBeLessThan(symbols.length * 0.07);
  });

  describeWith(['gdb'], 'gdb', () => {
    it('gives the same types', () => {
      const names = ['printf', 'qsort', 'div', 'getenv', 'stdout', 'snprintf', 'signal', 'bsearch', 'strtod'];
      // Of what has several versions gdb takes any.
      const single = symbols.filter(({ name }) => symbols.filter((s) => s.name === name).length === 1);
      const functions = single.filter((s) => s.kind === 'function' && s.type && !s.name.startsWith('_'));
      const some = functions.filter((_, i) => i % Math.ceil(functions.length / 60) === 0).map((s) => s.name);
      const all = [...names, ...some];
      const theirs = gdbTypes(LIBC, all);
      expect(theirs).toHaveLength(all.length);
      const differ = all.flatMap((name, i) => {
        const [type, their] = [types.get(name), theirs[i] ?? ''];
        const our = type === undefined ? 'none' : asGdb(type);
        // For what is assembler (uname) gdb has no more than that it is code.
        return our === their || their === 'void(void)' ? [] : [`${name}: ${our}, gdb has ${their}`];
      });
      expect(differ).toEqual([]);
      expect(theirs.filter((their) => their === 'void(void)').length).toBeLessThan(6);
    });
  });

  it('is called', () => {
    const result = childValue(
      `
      import { findLibrary, open, snapshot } from '#lib/index.js';
      const c = open(findLibrary('c') ?? '');
      const { strlen, qsort, getenv, div, environ, setenv, strtol, bsearch } = c.symbols;
      const numbers = Int32Array.of(5, -3, 9, 1);
      const byValue = (a: any, b: any): number => a.cast('const int *').value - b.cast('const int *').value;
      qsort(numbers, BigInt(numbers.length), 4n, byValue);
      const found = bsearch(Int32Array.of(5), numbers, 4n, 4n, byValue);
      const variables = (): string[] => {
        const list: string[] = [];
        for (let p = environ.value; p.value !== null; p = p.offset(1)) list.push(p.value.cString());
        return list;
      };
      const before = variables().includes('ADDED=by setenv');
      setenv('ADDED', 'by setenv', 1);
      console.log(JSON.stringify({
        strlen: Number(strlen('hällo')),
        sorted: [...numbers],
        found: found.cast('int *').value,
        none: bsearch(Int32Array.of(4), numbers, 4n, 4n, byValue),
        own: getenv('OWN').cString(),
        unset: getenv('SURELY_NOT_SET'),
        div: div(-17, 5),
        strtol: Number(strtol('0x1f', null, 0)),
        environ: [before, variables().includes('ADDED=by setenv'), variables().includes('OWN=text')],
      }));`,
      { env: { OWN: 'text' } },
    );
    expect(result).toEqual({
      strlen: 6,
      sorted: [-3, 1, 5, 9],
      found: 5,
      none: null,
      own: 'text',
      unset: null,
      div: { quot: -3, rem: -2 },
      strtol: 31,
      environ: [false, true, true],
    });
  });

  it('prints through its own stdout, which is the live one', () => {
    const { stdout, stderr, status } = runChild(`
      import { findLibrary, open } from '#lib/index.js';
      const { printf, fprintf, fputs, fflush, fileno, stdout } = open(findLibrary('c') ?? '').symbols;
      printf('%d %s %.2f %c %#lx\\n', 42, 'text', 1.5, 65, 2n ** 40n);
      fprintf(stdout.value, '%5.1f|%-4s|\\n', 2.25, 'ab');
      fputs('the end\\n', stdout.value);
      printf('%d\\n', fileno(stdout.value));
      fflush(null);
    `);
    expect({ stdout, stderr, status }).toEqual({
      stdout: '42 text 1.50 A 0x10000000000\n  2.2|ab  |\nthe end\n1\n',
      stderr: '',
      status: 0,
    });
  });
});
