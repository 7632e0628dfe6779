import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Library } from '../library/library.js';
import { BUILD, describeWith, run } from '../testing/tools.js';
import { notFound } from './not-found.js';

const SOURCE = `
static int private_function(int n) { return n + 1; }
static int private_variable = 1;
__attribute__((visibility("hidden"))) int hidden_function(void) { return private_function(private_variable); }
int kept_local(void) { return 2; }
int exported(void) { return hidden_function() + kept_local(); }
`;

describeWith(['gcc', 'objcopy', 'strip'], 'a name that a library does not export', () => {
  const folder =
    (mkdirSync(join(BUILD, 'scratch'), { recursive: true }), mkdtempSync(join(BUILD, 'scratch', 'symbols-')));
  const file = (name: string): string => join(folder, name);

  beforeAll(() => {
    writeFileSync(file('x.c'), SOURCE);
    writeFileSync(file('x.map'), '{ global: exported; local: *; };');
    const build = ['-g', '-shared', '-fPIC', '-Wl,--version-script=x.map', '-o', 'whole.so', 'x.c'];
    run('gcc', build, { cwd: folder });
    run('objcopy', ['--only-keep-debug', 'whole.so', 'x.debug'], { cwd: folder });
    run('objcopy', ['--strip-all', '--add-gnu-debuglink=x.debug', 'whole.so', 'linked.so'], { cwd: folder });
    run('strip', ['-o', 'stripped.so', 'whole.so'], { cwd: folder });
    run('objcopy', ['--remove-section=.note.gnu.build-id', 'stripped.so'], { cwd: folder });
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** What is said of `name`, less the line that all have. */
  function said(library: string, name: string): string {
    const [first, ...more] = notFound(Library.open(file(library)), name).split('\n  ');
    expect(first).toBe(`plugin: symbol ${name} not found in plugin ${file(library)}`);
    return more.join('\n');
  }

  it.each(['whole.so', 'linked.so'])('is known from the full symbol table: %s', (library) => {
    for (const name of ['private_function', 'private_variable', 'kept_local', 'hidden_function']) {
      expect(said(library, name)).toBe(
        `it has ${name}, but does not export it: it is static, hidden, or local by the linker's version script`,
      );
    }
    // A source file is no symbol, and neither is what the library takes from others.
    expect(said(library, 'x.c')).toBe('');
    expect(said(library, '__cxa_finalize')).toBe('');
  });

  describeWith(['xz', 'nm'], 'with MiniDebugInfo', () => {
    it('is known from .gnu_debugdata, if it is a function', () => {
      // As in gdb's manual, but for what is exported, which is of no concern here.
      run(
        'objcopy',
        ['-S', '--keep-symbol=private_function', '--keep-symbol=hidden_function', 'x.debug', 'mini'],
        { cwd: folder },
      );
      run('xz', ['--force', 'mini'], { cwd: folder });
      run('objcopy', ['--add-section', '.gnu_debugdata=mini.xz', 'stripped.so', 'mini.so'], { cwd: folder });
      expect(said('mini.so', 'private_function')).toContain(
        'it has private_function, but does not export it',
      );
      expect(said('mini.so', 'private_variable')).toBe('');
      writeFileSync(file('mini.xz'), 'no xz');
      run('objcopy', ['--update-section', '.gnu_debugdata=mini.xz', 'mini.so', 'broken.so'], { cwd: folder });
      expect(said('broken.so', 'private_function')).toBe('');
    });
  });

  it('is not, where that was stripped: then there are only the names that are close', () => {
    expect(said('stripped.so', 'private_function')).toBe('');
    expect(said('stripped.so', 'exportd')).toBe('did you mean exported?');
    expect(said('whole.so', 'exportd')).toBe('did you mean exported?');
    expect(said('whole.so', '')).toBe('');
  });
});
