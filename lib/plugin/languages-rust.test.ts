/** Rust as rustc compiles it: `extern "C"` with C's types works, Rust's own types and functions are refused by name. */
import type { Pointer } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';
import { describeWith, run } from '../testing/tools.js';
import type { Plugin } from './plugin.js';

type Call = (...args: unknown[]) => unknown;

const compiled = (kind: string, ...flags: string[]): Plugin =>
  openFixture('languages/exports.rs', {
    compiler: 'rustc',
    flags: ['-g', '--edition', '2021', '--crate-type', kind, ...flags],
    output: `exports-${kind}.so`,
  });

for (const level of ['0', '2']) {
  describeWith(['rustc'], `a cdylib, opt-level ${level}`, () => {
    let p: Plugin;
    const call = (name: string, ...args: unknown[]): unknown => p.lookup<Call>(name)(...args);
    beforeAll(() => {
      p = compiled('cdylib', '-C', `opt-level=${level}`);
    });

    it('numbers, bool, char and enums are those of C', () => {
      expect(call('add', 2, 3)).toBe(5);
      expect(call('flip', true)).toBe(false);
      expect(call('upper', 0x1f980)).toBe(0x1f980);
      expect([call('next', 'Red'), call('next', 3)]).toEqual([2, 1]);
    });

    it('#[repr(C)] structs and unions go by value', () => {
      expect(call('mid', { x: 1, y: 2 }, { x: 3, y: 4 })).toEqual({ x: 2, y: 3 });
      expect(call('word', { u: 7 })).toBe(7);
    });

    it('references and raw pointers are pointers, const or not', () => {
      expect(String(p.lookup('sum'))).toBe('i32 sum(const i32 *p, usize n)');
      expect(call('sum', Int32Array.of(1, 2, 3), 3n)).toBe(6);
      const n = p.alloc('int', 5);
      call('grow', n);
      expect(n.value).toBe(6);
    });

    it('Option of a reference or a function pointer may be null', () => {
      expect([call('refer', [5]), call('refer', null)]).toEqual([5, -1]);
      expect([call('apply', (n: number) => n * 2, 3), call('apply', null, 3)]).toEqual([6, -1]);
      expect(call('apply1', (n: number) => n * 2, 3)).toBe(6);
    });

    it('*const c_char is a number for rustc: a declaration makes it text', () => {
      expect((call('name') as Pointer).cString()).toBe('rust');
      expect(p.lookup<Call>('name', 'const char *(void)')()).toBe('rust');
      expect(p.lookup<Call>('length', 'size_t (const char *)')('hello')).toBe(5n);
    });

    it('statics are variables', () => {
      expect(p.lookup<Pointer>('COUNT').value).toBe(3);
      expect([...p.lookup<Pointer<Iterable<number>>>('TABLE').value]).toEqual([1, 2, 3]);
    });

    it.each([
      ['text', '&str: a pointer of Rust with more than an address: pass a pointer and a length'],
      ['total', '&[i32]: a pointer of Rust with more than an address: pass a pointer and a length'],
      ['data', 'Data: an enum of Rust with data, which C does not have'],
      ['maybe', 'Option<i32>: an enum of Rust with data, which C does not have'],
      ['pair', 'a tuple of Rust, whose layout C does not know: declare a #[repr(C)] struct'],
      ['wide', 'i128: its alignment depends on the version of rustc'],
    ])('%s is refused by name', (name, why) => {
      const error = thrownBy(() => call(name, 1));
      expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
      expect(error.message).toContain(why);
    });

    it('a function pointer of Rust takes no function', () => {
      expect(() => call('applyr', (n: number) => n, 3)).toThrow('of Rust (declare it extern "C" fn)');
    });
  });
}

describeWith(['rustc', 'nm'], 'a dylib, which exports mangled functions', () => {
  it('those are refused by name', () => {
    const p = compiled('dylib');
    const mangled = /_ZN7exports7mangled17h\w+E/.exec(run('nm', ['-D', p.path]))?.[0] ?? '';
    const error = thrownBy(() => p.lookup<Call>(mangled)(1));
    expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
    expect(error.message).toContain('of Rust (declare the function #[no_mangle] pub extern "C")');
    expect(p.lookup<Call>('add')(2, 3)).toBe(5);
  });
});
