/**
 * Two public libraries that are headers and nothing else (Debian's libcglm-dev and libstb-dev), each compiled from a C file that only includes them,
 * and driven with no declaration: cglm passes vectors, quaternions and matrices by value, stb reads and writes through function pointers.
 */
import { inflateSync } from 'node:zlib';

import { free, inspect, open, snapshot, type AnyPointer, type Plugin, type Pointer } from '../index.js';
import { thrownBy } from '../testing/fixture.js';
import { disagreements } from '../testing/real-library.js';
import { compile, describeWith, run } from '../testing/tools.js';

type Returns<T> = (...args: unknown[]) => T;

const FLAGS = ['-g', '-O1', '-shared', '-fPIC'];
const CGLM_HEADER = '/usr/include/cglm/struct.h';
const STB_HEADER = '/usr/include/stb/stb_image.h';

describeWith(['gcc', CGLM_HEADER], 'cglm', () => {
  // Its functions are `static inline`; without that, they are what a library exports.
  const source = `
#include <cglm/common.h>
#undef CGLM_INLINE
#define CGLM_INLINE
#include <cglm/struct.h>
`;
  let library: string;
  let plugin: Plugin;
  let functions: Readonly<Record<string, Returns<unknown>>>;
  beforeAll(() => {
    library = compile(source, { flags: FLAGS, libs: ['-lm'] });
    plugin = open(library);
    functions = plugin.symbols;
  });

  it('has the types that its headers declare, as gcc sees it', () => {
    expect(inspect(library).symbols.length).toBeGreaterThan(900);
    expect(disagreements(library, source)).toBe('');
  });

  it('takes and gives vectors by value', () => {
    const { glms_vec3_add, glms_vec3_cross, glms_vec3_scale, glms_vec3_norm, glms_vec4_dot } = plugin.symbols;
    const a = { x: 1, y: 2, z: 3 };
    // A union: one member is enough, and the result has them all.
    const sum = { raw: [11, 22, 33], x: 11, y: 22, z: 33, r: 11, g: 22, b: 33 };
    expect(glms_vec3_add?.(a, { raw: [10, 20, 30] })).toEqual(sum);
    expect(glms_vec3_cross?.({ x: 1, y: 0, z: 0 }, { x: 0, y: 1, z: 0 })).toMatchObject({ raw: [0, 0, 1] });
    expect(glms_vec3_norm?.(glms_vec3_scale?.({ x: 3, y: 0, z: 4 }, 2))).toBe(10);
    expect(glms_vec4_dot?.({ raw: [1, 2, 3, 4] }, { raw: [5, 6, 7, 8] })).toBe(70);
    const v = plugin.alloc('vec3s', a) as Pointer<{ x: number }>;
    expect(glms_vec3_add?.(v.value, snapshot(v.value))).toMatchObject({ x: 2, y: 4, z: 6 });
  });

  it('takes and gives matrices by value, 64 bytes on the stack', () => {
    const { glms_mat4_identity, glms_translate_make, glms_mat4_mul, glms_mat4_mulv3 } = plugin.symbols;
    const identity = glms_mat4_identity?.() as Record<string, number>;
    expect([identity['m00'], identity['m01'], identity['m33']]).toEqual([1, 0, 1]);
    const move = glms_translate_make?.({ x: 1, y: 2, z: 3 }) as object;
    const twice = glms_mat4_mul?.(move, move) as object;
    expect(glms_mat4_mulv3?.(twice, { x: 10, y: 20, z: 30 }, 1)).toMatchObject({ raw: [12, 24, 36] });
  });

  it('takes vectors through pointers, too', () => {
    // void glm_vec3_add(vec3 a, vec3 b, vec3 dest), where vec3 is float[3]
    const sum = [0, 0, 0];
    functions['glm_vec3_add']?.([1, 2, 3], new Float32Array([10, 20, 30]), sum);
    expect(sum).toEqual([11, 22, 33]);
  });

  it('refuses what is no vector', () => {
    const add = (v: unknown) => thrownBy(() => functions['glms_vec3_add']?.(v, { raw: [0, 0, 0] }));
    expect(add({ x: 1, y: 2 }).message).toMatch(/^vec3s glms_vec3_add\(vec3s a, vec3s b\): argument 1 \(a\)/);
    expect(add({ raw: [1, 2] }).message).toContain('takes 3 elements, got 2');
    expect(add({ x: 1, y: 2, z: 3, raw: [3, 2, 1] }).message).toContain('share memory');
    expect(add([1, 2, 3]).code).toMatch(/^ERR_INVALID_ARG/);
    expect(add(null).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  describe('against a C program compiled from the same headers', () => {
    /** The types that go by value, and of how many numbers of 32 bits they consist. */
    const FLOATS: Record<string, number> = {
      float: 1,
      vec2s: 2,
      vec3s: 3,
      vec4s: 4,
      versors: 4,
      mat2s: 4,
      mat3s: 9,
      mat4s: 16,
    };
    const INTS: Record<string, number> = { int: 1, _Bool: 1 };
    const words = (type: string): number => FLOATS[type] ?? INTS[type] ?? NaN;

    interface Case {
      readonly name: string;
      readonly result: string;
      readonly parameters: readonly string[];
      /** The arguments, as words. */
      readonly inputs: readonly (readonly number[])[];
    }

    /** Every function of which parameters and result are such types. */
    const allCases = (): Case[] =>
      inspect(library).symbols.flatMap(({ name, type }) => {
        // It returns memory that it did not set.
        if (name === 'glms_mat4_ins3') return [];
        const [, result = '', list = ''] = /^(\w+) \(([^()]*)\)$/.exec(String(type)) ?? [];
        const parameters = list === 'void' ? [] : list.split(', ').map((p) => p.replace(/ \w+$/, ''));
        if (![result, ...parameters].every((t) => words(t) > 0)) return [];
        return [{ name, result, parameters, inputs: parameters.map(bitsOf) }];
      });

    /** Numbers from 0.25 to 2, and 0 or 1, since an integer is an index here: the bits of each, the same in every run. */
    let seed = 1;
    const bitsOf = (type: string): number[] =>
      Array.from({ length: words(type) }, () => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        const integer = (seed >>> 16) & 0x7fff;
        if (type in INTS) return integer & 1;
        return new Uint32Array(new Float32Array([0.25 + (integer / 0x8000) * 1.75]).buffer)[0] ?? 0;
      });

    /** As the C program prints them. NaN has no sign in JavaScript. */
    function print(type: string, bits: readonly number[]): string {
      const isNaN = (word: number): boolean => type in FLOATS && (word & 0x7fff_ffff) > 0x7f80_0000;
      return bits.map((word) => (isNaN(word) ? 'nan' : (word >>> 0).toString(16))).join(' ');
    }

    /** What the same calls give in C. */
    function expected(cases: readonly Case[]): string[] {
      let next = 0;
      const calls = cases.map(({ name, result, parameters, inputs }) => {
        const declared = parameters.map((type, j) => {
          const at = next;
          next += inputs[j]?.length ?? 0;
          return `${type} a${j}; memcpy(&a${j}, in + ${at}, sizeof a${j});`;
        });
        const list = parameters.map((_, j) => `a${j}`).join(', ');
        return `{ ${declared.join(' ')} ${result} r = ${name}(${list}); show(&r, sizeof r); }`;
      });
      // The input is no constant to gcc, which would compute some of the sines itself.
      const program = `#include <cglm/struct.h>
        #include <stdio.h>
        #include <string.h>
        unsigned in[] = { ${cases.flatMap((c) => c.inputs.flat()).join(', ')} };
        static void show(const void *p, size_t size) {
          unsigned w[16] = { 0 };
          memcpy(w, p, size);
          for (size_t i = 0; i < (size + 3) / 4; i++) printf("%u ", w[i]);
          putchar('\\n');
        }
        int main(void) { ${calls.join('\n')} return 0; }\n`;
      const oracle = compile(program, { flags: ['-O1'], libs: ['-lm'], output: 'oracle' });
      const lines = run(oracle, []).trimEnd().split('\n');
      return lines.map((line, i) => print(cases[i]?.result ?? '', line.trim().split(' ').map(Number)));
    }

    /** An argument as JavaScript gives it: a number, a boolean, or a plain object with all members. */
    function argument(type: string, bits: readonly number[]): unknown {
      if (type === '_Bool') return bits[0] === 1;
      const memory = plugin.alloc(type);
      (memory.cast('unsigned char *').view(bits.length * 4) as Uint8Array).set(
        new Uint8Array(new Uint32Array(bits).buffer),
      );
      return snapshot(memory.value);
    }

    function bitsOfResult(type: string, value: unknown): number[] {
      if (typeof value === 'boolean') return [Number(value)];
      const numbers = typeof value === 'number' ? [value] : flat((value as { raw: unknown }).raw);
      return Array.from(
        type in FLOATS ? new Uint32Array(new Float32Array(numbers).buffer) : new Uint32Array(numbers),
      );
    }

    const flat = (value: unknown): number[] =>
      typeof value === 'number' ? [value] : Array.from(value as unknown[]).flatMap(flat);

    it('gives the same bits, function by function', () => {
      const cases = allCases();
      const actual = cases.map(({ name, result, parameters, inputs }) => {
        const args = parameters.map((type, j) => argument(type, inputs[j] ?? []));
        return `${name}: ${print(result, bitsOfResult(result, functions[name]?.(...args)))}`;
      });
      expect(actual).toEqual(expected(cases).map((line, i) => `${cases[i]?.name ?? ''}: ${line}`));
      expect(cases.length).toBeGreaterThan(250);
      const classes = new Set(cases.flatMap((c) => [c.result, ...c.parameters]));
      expect([...classes].sort()).toEqual(Object.keys({ ...FLOATS, ...INTS }).sort());
    });
  });
});

/** What TypeScript is told, and nobody else: the JavaScript type of the results. */
type Stb = Record<
  'stbi_write_png_to_func' | 'stbi_info_from_memory' | 'stbi_info_from_callbacks' | 'stbsp_snprintf',
  Returns<number>
> &
  Record<'stbi_load_from_memory' | 'stbi_load_from_callbacks', Returns<AnyPointer | null>> &
  Record<'stbi_failure_reason', Returns<string | null>> &
  Record<'stbi_image_free', Returns<void>>;

describeWith(['gcc', STB_HEADER], 'stb', () => {
  const headers = `
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#include <stb/stb_sprintf.h>
`;
  const implementation = ['IMAGE', 'IMAGE_WRITE', 'SPRINTF'].map((n) => `#define STB_${n}_IMPLEMENTATION\n`);
  let library: string;
  let plugin: Plugin;
  let s: Stb;
  beforeAll(() => {
    library = compile(implementation.join('') + headers, { flags: FLAGS, libs: ['-lm'] });
    plugin = open(library);
    s = plugin.symbols as unknown as Stb;
  });

  const [WIDTH, HEIGHT] = [5, 3];
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 89) & 0xff);

  /** The picture as PNG, which stb hands to JavaScript piece by piece. */
  function png(): Buffer {
    const pieces: Buffer[] = [];
    const write = (context: unknown, data: AnyPointer, size: number): void => {
      expect(context).toBeNull();
      pieces.push(Buffer.from(data.cast('unsigned char *').view(size) as Uint8Array));
    };
    expect(s.stbi_write_png_to_func(write, null, WIDTH, HEIGHT, 3, pixels, WIDTH * 3)).toBe(1);
    return Buffer.concat(pieces);
  }

  it('has the types that its headers declare, as gcc sees it', () => {
    expect(disagreements(library, `${headers}typedef unsigned short stbi__uint16;`)).toBe('');
  });

  it('writes a PNG that Node can read', () => {
    plugin.lookup('stbi_write_force_png_filter').value = 0;
    const file = png();
    plugin.lookup('stbi_write_force_png_filter').value = -1;
    const chunk = (type: string): Buffer => {
      const at = file.indexOf(type, 0, 'latin1');
      return file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4));
    };
    expect(file.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    expect([chunk('IHDR').readUInt32BE(0), chunk('IHDR').readUInt32BE(4)]).toEqual([WIDTH, HEIGHT]);
    const rows = Array.from({ length: HEIGHT }, (_, y) => [
      0,
      ...pixels.subarray(y * WIDTH * 3, (y + 1) * WIDTH * 3),
    ]);
    expect([...inflateSync(chunk('IDAT'))]).toEqual(rows.flat());
  });

  it('reads it from memory, into memory of C’s', () => {
    const file = png();
    const size = ['x', 'y', 'components'].map(() => plugin.alloc('int'));
    const image = s.stbi_load_from_memory(file, file.length, ...size, 4);
    expect(size.map((p) => p.value)).toEqual([WIDTH, HEIGHT, 3]);
    const rgba = [...(image?.view(WIDTH * HEIGHT * 4) as Uint8Array)];
    expect(rgba.filter((_, i) => i % 4 !== 3)).toEqual([...pixels]);
    expect(rgba.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
    s.stbi_image_free(image);
    // What free knows: it was C's malloc.
    const other = s.stbi_load_from_memory(file, file.length, ...size, 0);
    if (other !== null) free(other);
    expect(s.stbi_load_from_memory(file, 20, [0], [0], [0], 0)).toBeNull();
    expect(s.stbi_load_from_memory(Buffer.from('no picture'), 10, [0], [0], [0], 0)).toBeNull();
    expect(s.stbi_failure_reason()).toBe('unknown image type');
  });

  describe('through a struct of JavaScript functions', () => {
    let file: Buffer;
    let position: number;
    const callbacks = {
      read: (_: unknown, data: AnyPointer, size: number): number => {
        const piece = file.subarray(position, position + size);
        (data.cast('unsigned char *').view(piece.length) as Uint8Array).set(piece);
        position += piece.length;
        return piece.length;
      },
      skip: (_: unknown, count: number): void => void (position += count),
      eof: (): number => (position >= file.length ? 1 : 0),
    };
    beforeEach(() => {
      file = png();
      position = 0;
    });

    it('reads, from a struct in memory', () => {
      const io = plugin.alloc('stbi_io_callbacks', callbacks);
      const [x, y, n] = [[0], [0], [0]];
      const image = s.stbi_load_from_callbacks(io, null, x, y, n, 0);
      expect([x, y, n]).toEqual([[WIDTH], [HEIGHT], [3]]);
      expect([...(image?.view(pixels.length) as Uint8Array)]).toEqual([...pixels]);
      s.stbi_image_free(image);
    });

    it('reads, from a plain object that is copied for the call', () => {
      const [x, y, n] = [[0], [0], [0]];
      expect(s.stbi_info_from_callbacks(callbacks, null, x, y, n)).toBe(1);
      expect([x, y, n]).toEqual([[WIDTH], [HEIGHT], [3]]);
    });

    it('passes on what one of them throws', () => {
      const thrown = new Error('no more');
      const read = (): never => {
        throw thrown;
      };
      expect(() => s.stbi_load_from_callbacks({ ...callbacks, read }, null, [0], [0], [0], 0)).toThrow(
        thrown,
      );
    });
  });

  it('formats, variadically', () => {
    const buffer = Buffer.alloc(64);
    const text = (format: string, ...args: unknown[]): string => {
      const length = s.stbsp_snprintf(buffer, buffer.length, format, ...args);
      return buffer.toString('latin1', 0, length);
    };
    expect(text('%d %s %5.2f|%-4x|%c', -7, 'text', 3.14159, 255, 65)).toBe('-7 text  3.14|ff  |A');
    // Its own: commas, and bits.
    expect(text("%'d %b", 1234567, 10)).toBe('1,234,567 1010');
    expect(text('%lld', 2n ** 62n)).toBe('4611686018427387904');
    text('%s', 'x'.repeat(100));
    expect(buffer.toString('latin1')).toBe(`${'x'.repeat(63)}\0`);
  });
});
