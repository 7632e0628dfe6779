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
      expect(p.lookup<Call>('word', 'u32 (union Word)')({ u: 7 })).toBe(7);
      expect(call('triple', 1n)).toEqual({ a: 1n, b: 2n, c: 3n });
    });

    it('what Rust and C pass in the same registers goes by value without a declaration', () => {
      expect(call('rust_point', { x: 1, y: 2 }, { __0: 0.5 })).toEqual({ x: 1.5, y: 1.5 });
    });

    it.each([
      ['rust_pair', 'i32 rust_pair(struct Pair p, i32 k): parameter 1: struct Pair'],
      ['c_pair', 'parameter 1: struct Pair'],
      ['rust_triple', 'parameter 1: struct Triple'],
      ['c_triple', 'parameter 1: struct Triple'],
      ['crowded', 'parameter 6: struct Span'],
      ['word', 'parameter 1: union Word'],
      ['string', 'parameter 1: struct String'],
      ['rust_array', 'parameter 1: an array by value'],
    ])('%s may be of the other ABI, which is not told, and is refused', (name, why) => {
      const error = thrownBy(() => call(name, ...Array<number>(p.lookup<Call>(name).length).fill(1)));
      expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
      expect(error.message).toContain(why);
      if (name !== 'rust_array') expect(error.message).toContain('only if the function is extern "C"');
    });

    it('a declaration vouches for extern "C"', () => {
      const pair = p.lookup<Call>('c_pair', 'i32 (struct Pair p, i32 k)');
      expect(pair({ a: 1, b: 2 }, 3)).toBe(1123);
      const triple = p.lookup<Call>('c_triple', 'i64 c_triple(struct Triple)');
      expect(triple({ a: 1n, b: 2n, c: 3n })).toBe(7n);
      const crowded = p.lookup<Call>('crowded', 'long (long, long, long, long, long, struct Span)');
      expect(crowded(1n, 2n, 3n, 4n, 5n, { from: 6n, to: 7n })).toBe(57n);
      expect(() => p.lookup('c_pair', 'i32 (struct Triple, i32)')).toThrow('not i32 (struct Triple, i32)');
    });

    it('function pointers that are extern "C" say so', () => {
      expect(call('callback', ({ a, b }: { a: number; b: number }) => a * 10 + b)).toBe(12);
    });

    it('references and functions are never null', () => {
      for (const args of [[null], [null, 3]])
        expect(() => call(args.length === 1 ? 'grow' : 'apply1', ...args)).toThrow(
          'expected what a reference can refer to',
        );
    });

    it('a Box is given back, and takes no memory that Rust would have to free', () => {
      const box = call('new_box', 5) as Pointer;
      expect(box.value).toBe(5);
      expect(call('take_box', box)).toBe(5);
      expect(call('take_box', null)).toBe(-1);
      for (const lent of [[5], Int32Array.of(5), p.alloc('int', 5), p.lookup('COUNT')]) {
        for (const name of ['boxed', 'take_box']) {
          const error = thrownBy(() => call(name, lent));
          expect(error.message).toContain('is a Box of Rust, which is freed');
        }
      }
      expect(() => call('boxed', null)).toThrow('a reference can refer to');
      expect(call('boxed', call('new_box', 6))).toBe(6);
    });

    it('functions that the optimiser has merged have no type, rather than that of the other', () => {
      expect(['i32 twin(i32 n)', 'twin: type unknown']).toContain(String(p.lookup('twin')));
      expect(['u32 unsigned_twin(u32 n)', 'unsigned_twin: type unknown']).toContain(
        String(p.lookup('unsigned_twin')),
      );
      expect(p.lookup<Call>('unsigned_twin', 'unsigned (unsigned)')(2 ** 31)).toBe(2 ** 31);
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
      ['fat_box', 'Box<[i32], alloc::alloc::Global>: a pointer of Rust with more than an address'],
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
