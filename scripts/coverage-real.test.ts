import { findLibrary } from '../lib/elf/search.js';
import { installedDebugFile } from '../lib/testing/debug-file.js';
import { describeWith } from '../lib/testing/tools.js';
import { coverage } from './coverage-real.js';
import { LIBRARIES, type RealLibrary } from './coverage-real/libraries.js';
import { spelledAsC, spelledAsCxx } from './coverage-real/spelling.js';

const LUA = LIBRARIES.filter((l) => l.name === 'liblua5.4.so.0');

/** Whether the libraries are as they should be, and what is printed of them. */
function covered(libraries: readonly RealLibrary[]): { isGood: boolean; text: string } {
  const print = jest.spyOn(console, 'log').mockImplementation();
  const isGood = coverage(libraries);
  const text = print.mock.calls.map((call) => String(call[0])).join('\n');
  print.mockRestore();
  return { isGood, text };
}

describeWith(['gdb', installedDebugFile(findLibrary('liblua5.4.so.0'))], 'coverage of Lua', () => {
  it('is complete, and gdb agrees', () => {
    const { isGood, text } = covered(LUA);
    expect(text).toMatch(/^liblua5\.4\.so\.0 \(liblua5\.4-0-dbg\)$/m);
    expect(text).toMatch(/^ {2}functions +153 of 153 typed$/m);
    expect(text).toMatch(/^ {2}wanted +153: ok$/m);
    expect(text).toMatch(/^ {2}compared +154 gdb, by name$/m);
    expect(text).toMatch(/^ {2}disagree +0$/m);
    expect(text).toMatch(/^\| liblua5\.4\.so\.0 \| liblua5\.4-0-dbg \| 153 of 153 \|.*\| 0 +\|$/m);
    expect(isGood).toBe(true);
  });

  it('fails if there are too few types', () => {
    const { isGood, text } = covered(LUA.map((l) => ({ ...l, typed: 154 })));
    expect(text).toMatch(/^ {2}wanted +154: TOO FEW$/m);
    expect(isGood).toBe(false);
  });
});

describe('coverage', () => {
  it('fails without the library', () => {
    const { isGood, text } = covered([{ name: '/nonexistent.so', from: 'no-package', typed: 0 }]);
    expect(text).toContain('/nonexistent.so: not installed; its types are in no-package');
    expect(isGood).toBe(false);
  });

  it.each([
    ['long unsigned int (long long int)', 'unsigned long(long long)', true],
    ['volatile const char * restrict', 'const volatile char *restrict', true],
    ['struct { int a; union { int b; } c; }', 'struct {...}', true],
    ['void (signed char)', 'void (char)', false],
    ['int *(int)', 'int (int)', false],
    ['struct a *', 'struct b *', false],
    ['char *const', 'char *', false],
  ])('%s is %s to C: %s', (ours, theirs, same) => {
    expect(spelledAsC(ours) === spelledAsC(theirs)).toBe(same);
  });

  it.each([
    [
      'iterator (struct list<int, std::less<int> > *const, size_t)',
      'std::list<int>::iterator (class a::list<int, std::less<int> > *, size_t)',
      true,
    ],
    ['struct hash<const std::string &> *', 'std::hash<std::string const&> *', true],
    ['struct path (void)', 'class (anonymous namespace)::path (void)', true],
    ['struct list<int> *', 'struct list<long> *', false],
    ['const struct path *', 'class path *', false],
    ['pointer (int)', 'std::vector<int>::reference (int)', false],
  ])('%s is %s to C++: %s', (ours, theirs, same) => {
    expect(spelledAsCxx(ours) === spelledAsCxx(theirs)).toBe(same);
  });
});
