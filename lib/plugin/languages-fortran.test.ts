/** Fortran as gfortran compiles it: what is bind(C) works, with arguments by value and by reference; the rest is refused by name. */
import { snapshot, type Pointer } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';
import { describeWith } from '../testing/tools.js';
import type { Plugin } from './plugin.js';

type Call = (...args: unknown[]) => unknown;

/** The prototypes that a C header for the fixture would have (Fortran 2018 §18.3.6); whether the argument is const Fortran does not say. */
const PROTOTYPES: readonly (readonly [string, string])[] = [
  ['f_add', 'int f_add(int a, int b)'],
  ['addr', 'int addr(int *a, int *b)'],
  ['scale', 'void scale(double *x, int n, double f)'],
  ['flip', '_Bool flip(_Bool l)'],
  ['countc', 'int countc(char *s, int n)'],
  ['countstar', 'int countstar(char *s)'],
  ['mid', 'struct point mid(struct point p, struct point *q)'],
  ['sumbig', 'double sumbig(struct big b)'],
  ['mkbig', 'struct big mkbig(double v)'],
  ['many', 'int many(int a, int b, int c, int d, int e, int f, int g, int *h)'],
  ['unused', 'int unused(int a, int *b)'],
  ['ptr', 'void *ptr(void *p)'],
  ['apply', 'double apply(double (*const f)(double), double x)'],
  ['opt', 'int opt(int a, int *b)'],
  ['charval', 'char charval(char c)'],
  ['transpose_into', 'void transpose_into(double *a, double *b)'],
];

for (const flags of [['-O0'], ['-O1', '-gdwarf-4'], ['-O2']]) {
  describeWith(['gfortran'], `gfortran ${flags.join(' ')}`, () => {
    let p: Plugin;
    const call = (name: string, ...args: unknown[]): unknown => p.lookup<Call>(name)(...args);
    beforeAll(() => {
      p = openFixture('languages/procedures.f90', {
        compiler: 'gfortran',
        flags: ['-g', ...flags, '-shared', '-fPIC'],
      });
    });

    it.each(PROTOTYPES)('%s', (name, prototype) => {
      expect(String(p.lookup(name))).toBe(prototype);
    });

    it('arguments with VALUE are passed by value, others by reference', () => {
      expect(call('f_add', 2, 3)).toBe(5);
      expect(call('addr', [2], [3])).toBe(5);
      // The last ones are on the stack.
      expect(call('many', 1, 2, 3, 4, 5, 6, 7, [8])).toBe(36);
      expect(call('unused', 1, [2])).toBe(7);
      expect([call('opt', 1, null), call('opt', 1, [4])]).toEqual([1, 5]);
    });

    it('arrays, logicals and characters are those of C', () => {
      const numbers = Float64Array.of(1, 2, 3);
      call('scale', numbers, 3, 2);
      expect([...numbers]).toEqual([2, 4, 6]);
      const transposed = new Float64Array(6);
      call('transpose_into', Float64Array.of(11, 21, 12, 22, 13, 23), transposed);
      expect([...transposed]).toEqual([11, 12, 13, 21, 22, 23]);
      expect([call('flip', true), call('flip', false)]).toEqual([false, true]);
      expect([call('countc', 'banana', 6), call('countstar', 'banana')]).toEqual([3, 6]);
      expect(call('charval', 65)).toBe(65);
    });

    it('derived types that are bind(C) go by value and by reference', () => {
      expect(call('mid', { x: 1, y: 2 }, { x: 3, y: 4 })).toEqual({ x: 2, y: 3 });
      expect(call('sumbig', { a: [1, 2, 3, 4] })).toBe(10);
      expect(snapshot(call('mkbig', 1.5) as object)).toEqual({ a: [1.5, 1.5, 1.5, 1.5] });
    });

    it('a dummy procedure with an interface takes a JavaScript function', () => {
      expect(call('apply', (x: number) => x * 2, 3)).toBe(6);
      const seen: unknown[] = [];
      const visit = (n: Pointer<number>, at: Pointer<object>): number => {
        seen.push(n.value, snapshot(at.value));
        return 9;
      };
      expect(call('visit', visit, 4)).toBe(9);
      expect(seen).toEqual([4, { x: 1, y: 2 }]);
    });

    it('variables have the dimensions that C gives them: the first index runs fastest', () => {
      expect(p.lookup<Pointer>('counter').value).toBe(5);
      expect(p.lookup<Pointer>('label').value).toBe('fort');
      const grid = p.lookup<Pointer<Int32Array[]>>('grid');
      expect(String(grid.type)).toBe('int[3][2]');
      expect(Array.from(grid.value, (row) => [...row])).toEqual([
        [11, 21],
        [12, 22],
        [13, 23],
      ]);
    });

    it.each([
      ['plain_', [[1]], 'of Fortran (declare the procedure bind(C))'],
      ['__fm_MOD_modfun', [[1]], 'of Fortran (declare the procedure bind(C))'],
      ['hello_', ['x', 1n], 'of Fortran (declare the procedure bind(C))'],
      ['name_of_', [null, 8n, [1]], 'of Fortran (declare the procedure bind(C))'],
      ['assumed', [[1, 2]], 'an array of assumed shape: declare it x(n) or x(*), and pass its length'],
      ['applyp', [null, 1], 'it does not say which function: give the dummy procedure an interface'],
    ])('%s is refused by name', (name, args, why) => {
      const error = thrownBy(() => call(name, ...args));
      expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
      expect(error.message).toContain(why);
    });

    it('what the optimiser has left without a place is refused, not guessed', () => {
      const complex = (): unknown => call('cplx', { re: 1, im: 2 });
      if (flags[0] === '-O0') expect(complex()).toEqual({ re: -3, im: 4 });
      else expect(complex).toThrow('of Fortran (the debug info does not say whether z is passed by value');
    });
  });
}
