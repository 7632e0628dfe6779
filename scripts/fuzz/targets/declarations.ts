import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseDeclarations } from '../../../lib/ctypes/declarations/declarations.js';
import { parseType } from '../../../lib/ctypes/parse.js';
import { print } from '../../../lib/ctypes/print.js';
import { FIXTURES, hasTool, run } from '../../../lib/testing/tools.js';
import { attemptC, visit } from '../oracle.js';
import { mutateText } from '../text.js';
import type { Target } from './target.js';

const TEXTS: readonly string[] = [
  'unsigned long crc32(unsigned long, const unsigned char *, unsigned);',
  'typedef struct node node; struct node { node *next; int v[3 * 2], : 0, b : 3; } __attribute__((packed, aligned(4)));',
  '#define MAX (64 << 1)\n#pragma pack(push, 2)\nunion u { int a[MAX]; struct { char c; long d; }; };\n#pragma pack(pop)\n',
  'enum e { A, B = \'a\', C = sizeof(int) ? 1 : 2, D = -5 / 2 } f(enum e), (*g)(int, ...) asm("h");',
  'typedef float v4 __attribute__((vector_size(16))); _Alignas(32) extern v4 x, *y[2]; _Static_assert(1, "s");',
  '# 1 "a.h"\nstatic inline int f(int x) { return x; }\nint g(int[static 3], const char *restrict);\n',
  '#define A 1\n#define B (A + A)\n#define C "x" "y"\n#define D 1.5f\n#define E B B\nint a[B], b[C]; typeof(a) c; _Complex double z;',
];

/** What C text is made of. */
export const C_PARTS: readonly string[] = [
  ...'( ) [ ] { } * & ; : , = . ... ? + - / % << >> && || ! ~ # " \' 0 1 7 0x 1.5 \\ \n // /* */ \0 é 😀'.split(
    ' ',
  ),
  ...'struct union enum typedef int const void long x node A sizeof static packed aligned asm inline'.split(
    ' ',
  ),
  ...'__attribute__(( )) _Alignas( #define #pragma\u0020pack( #if [[ ]] _Atomic _Static_assert( typeof( _Complex __extension__'.split(
    ' ',
  ),
  '#define A A B\n',
  '9999999999',
  '0xffffffffffffffff',
  '__int128',
  'vector_size(',
  'mode(DI)',
  '_BitInt(',
  '_Bool',
];

export const declarations: Target = {
  name: 'declarations',
  needs: [],
  prepare() {
    const sample = readFileSync(join(FIXTURES, 'dwarf/sample.h'), 'utf8');
    const header = hasTool('gcc') ? run('sh', ['-c', 'echo "#include <time.h>" | gcc -E -']) : '';
    const texts = [...TEXTS, ...TEXTS, sample, header];
    return (random) => {
      const text = mutateText(random, random.pick(texts), C_PARTS);
      if (random.chance(0.2)) {
        const type = attemptC(() => parseType(text.slice(0, 200), () => undefined));
        if (type !== undefined) visit(type);
        return;
      }
      const found = attemptC(() => parseDeclarations(text));
      if (found === undefined) return;
      attemptC(() => found.constants());
      for (const [name, { type }] of found.symbols) {
        print(type, name);
        visit(type);
      }
      for (const { keyword, name } of found.typeNames()) {
        const type = attemptC(() => found.typeNamed(keyword, name));
        if (type !== undefined) visit(type);
      }
    };
  },
};
