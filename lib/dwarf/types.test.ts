import { join } from 'node:path';

import { print, printDefinition } from '../ctypes/print.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { FIXTURES, compile, describeWith } from '../testing/tools.js';

/** What `fixtures/dwarf/sample.c` exports, written from the source. `gcc`: clang has no such thing, or not its name. */
const SYMBOLS: readonly (readonly [name: string, declaration: string, only?: 'gcc'])[] = [
  ['g_char', 'char g_char'],
  ['g_schar', 'signed char g_schar'],
  ['g_uchar', 'unsigned char g_uchar'],
  ['g_short', 'short g_short'],
  ['g_int', 'int g_int'],
  ['g_uint', 'unsigned int g_uint'],
  ['g_long', 'long g_long'],
  ['g_ulong', 'unsigned long g_ulong'],
  ['g_ll', 'long long g_ll'],
  ['g_float', 'float g_float'],
  ['g_double', 'double g_double'],
  ['g_ldouble', 'long double g_ldouble'],
  ['g_i128', '__int128 g_i128'],
  ['g_u128', 'unsigned __int128 g_u128'],
  ['g_bool', '_Bool g_bool'],
  ['g_cf', 'float _Complex g_cf'],
  ['g_cd', 'double _Complex g_cd'],
  ['g_cld', 'long double _Complex g_cld', 'gcc'],
  ['g_f16', '_Float16 g_f16', 'gcc'],
  ['g_f128', '_Float128 g_f128', 'gcc'],
  ['g_cf128', '_Float128 _Complex g_cf128', 'gcc'],
  ['g_f64x', '_Float64x g_f64x', 'gcc'],
  ['g_cint', 'const int g_cint'],
  ['g_vint', 'volatile int g_vint'],
  ['g_rptr', 'int *restrict g_rptr'],
  ['g_aint', '_Atomic int g_aint'],
  ['g_point', 'struct point g_point'],
  ['g_bits', 'struct bits g_bits'],
  ['g_num', 'union num g_num'],
  ['g_node', 'struct node g_node'],
  ['g_untagged', 'struct { int a; struct { char b; } c; } g_untagged'],
  ['g_arr', 'int g_arr[10]'],
  ['g_mat', 'int g_mat[3][4]'],
  ['g_none', 'int g_none[0]'],
  ['g_parr', 'struct point g_parr[2]'],
  ['g_buf', 'char g_buf[32]'],
  ['g_str', 'const char *g_str'],
  ['g_open', 'char g_open[11]'],
  ['g_names', 'const char *const g_names[4]'],
  ['g_color', 'enum color g_color'],
  ['g_big', 'enum big g_big'],
  ['g_level', 'enum level g_level'],
  ['g_typedef', 'myint2 g_typedef'],
  ['g_size', 'size_t g_size'],
  ['g_u8', 'uint8_t g_u8'],
  ['g_wc', 'wchar_t g_wc'],
  ['g_tls', 'int g_tls'],
  ['g_pint', 'int *g_pint'],
  ['g_ppint', 'int **g_ppint'],
  ['g_void', 'void *g_void'],
  ['g_cvoid', 'const void *g_cvoid'],
  ['g_nothing', 'nothing_t *g_nothing'],
  ['g_handle', 'handle_t *g_handle'],
  ['g_file', 'FILE *g_file'],
  ['g_fnptr', 'int (*g_fnptr)(int, double)'],
  ['g_oldptr', 'int (*g_oldptr)()'],
  ['g_cmp', 'cmp_fn g_cmp'],
  ['g_cmps', 'cmp_fn g_cmps[4]'],
  ['g_sig', 'void (*(*g_sig)(int, void (*)(int)))(int)'],
  ['g_vec', 'v4si g_vec'],
  ['g_common', 'int g_common'],
  ['g_alias', 'int g_alias'],
  ['g_point2', 'struct point g_point2'],
  ['add', 'int add(int a, int b)'],
  ['mix', 'double mix(char c, short s, long l, float f, double d, _Bool b)'],
  ['add_points', 'struct point add_points(struct point a, struct point b)'],
  ['scale', 'struct vec3 scale(struct vec3 v, double k)'],
  ['vlogf', 'int vlogf(const char *fmt, struct __va_list_tag *ap)'],
  ['logf_', 'int logf_(const char *fmt, ...)'],
  ['oldstyle', 'int oldstyle(int a, double b)'],
  ['noproto', 'int noproto()'],
  ['nothing', 'void nothing(void)'],
  ['handle_new', 'handle_t *handle_new(const char *name, size_t n)'],
  ['cmul', 'double _Complex cmul(double _Complex a, float _Complex b)'],
  ['ldadd', 'long double ldadd(long double a, long double b)'],
  ['i128add', '__int128 i128add(__int128 a, __int128 b)'],
  ['vadd', 'v4si vadd(v4si a, v4si b)'],
  ['unum', 'union num unum(union num u)'],
  ['next_color', 'enum color next_color(enum color c)'],
  ['apply', 'int apply(cmp_fn f, const void *a, const void *b)'],
  ['getfn', 'int (*getfn(int which))(int, int)'],
  ['sum_arr', 'int sum_arr(int n, const int *a, int (*m)[4])'],
  ['fixed', 'uint64_t fixed(uint8_t a, int16_t b, uint32_t c, int64_t d)'],
  ['unnamed_param', 'int unnamed_param(int, int b)', 'gcc'],
  ['alias_target', 'int alias_target(int q)'],
  ['alias_strong', 'int alias_strong(int q)'],
  ['alias_weak', 'int alias_weak(int q)'],
  ['ifn', 'int ifn(int)'],
  ['real_asm_name', 'int real_asm_name(int x)'],
  ['die', 'void die(void)'],
  ['nested_static', 'int nested_static(void)'],
  ['handle_fd', 'int handle_fd(handle_t *h)'],
  ['other', 'int other(struct point *p, struct node *n)'],
];

/** What it and its header define. */
const DEFINITIONS: readonly (readonly [keyword: 'struct' | 'union' | 'enum', name: string, text: string])[] =
  [
    ['struct', 'point', 'struct point { int x; int y; }'],
    [
      'struct',
      'bits',
      'struct bits { unsigned int a : 3; int b : 5; unsigned long long c : 40; _Bool d : 1; }',
    ],
    ['union', 'num', 'union num { int i; double d; char raw[16]; }'],
    [
      'struct',
      'node',
      'struct node { struct node *next; const struct node *const *others; const char *name; int (*cb)(struct node *, void *);' +
        ' struct { int in; union { int u; float f; }; } anon; char tail[]; }',
    ],
    ['struct', 'handle', 'struct handle { int fd; char name[20]; }'],
    ['enum', 'color', 'enum color { RED = 0, GREEN = 5, BLUE = -1, }'],
    ['enum', 'big', 'enum big { BIGV = 20015998343868, }'],
    ['enum', 'level', 'enum level { LOW = 0, MIDDLE = 1, HIGH = 4294967280, }'],
  ];

/** gcc and clang spell the same integers differently. */
function normalize(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replaceAll('long long unsigned int', 'unsigned long long')
    .replaceAll('long unsigned int', 'unsigned long')
    .replaceAll('__int128 unsigned', 'unsigned __int128')
    .replaceAll(/\b(long long|long|short) int\b/g, '$1');
}

/** Qualifiers that are newer than the DWARF version, which both compilers leave out. */
function unsaid(flags: string): string[] {
  const version = Number(/-gdwarf-(\d)/.exec(flags)?.[1]);
  return [...(version < 5 ? ['_Atomic'] : []), ...(version < 3 ? ['restrict'] : [])];
}

const VERSIONS = ['-gdwarf-2', '-gdwarf-3', '-gdwarf-4', '-gdwarf-5'];
const LEVELS = ['-O0', '-O1', '-O2', '-O3'];
const BUILDS: Record<string, readonly string[]> = {
  gcc: [
    ...VERSIONS.flatMap((v) => LEVELS.map((level) => `${v} ${level}`)),
    '-gdwarf-2 -gstrict-dwarf -O0',
    '-gdwarf-3 -gstrict-dwarf -O2',
    '-gdwarf-4 -O2 -flto',
    '-gdwarf-5 -O2 -flto',
    '-gdwarf-4 -fdebug-types-section',
    '-gdwarf-5 -fdebug-types-section',
    '-gdwarf-4 -gdwarf64',
    '-gdwarf-5 -gdwarf64 -O2 -fdebug-types-section',
    '-gdwarf-5 -gz=zlib',
  ],
  clang: [
    ...VERSIONS.flatMap((v) => LEVELS.map((level) => `${v} ${level}`)),
    '-gdwarf-4 -O2 -flto -fuse-ld=lld',
    '-gdwarf-5 -O2 -flto -fuse-ld=lld',
    '-gdwarf-4 -fdebug-types-section',
    '-gdwarf-5 -fdebug-types-section',
    '-gdwarf-5 -gdwarf64 -O2',
    '-gdwarf-5 -gz=zlib',
  ],
};

for (const [compiler, builds] of Object.entries(BUILDS)) {
  describeWith(compiler === 'clang' ? ['clang', 'ld.lld'] : [compiler], compiler, () => {
    describe.each(builds)('%s', (flags) => {
      let file: DwarfFile;
      beforeAll(() => {
        file = new DwarfFile(
          compile('dwarf/sample.c', {
            compiler,
            flags: ['-w', '-shared', '-fPIC', ...flags.split(' ')],
            libs: [join(FIXTURES, 'dwarf/sample2.c')],
          }),
        );
      });

      it('types every symbol', () => {
        const wanted = SYMBOLS.filter(([, , only]) => only === undefined || only === compiler);
        const expected = wanted.map(([, text]) =>
          unsaid(flags).reduce((t, q) => t.replace(`${q} `, ''), text),
        );
        expect(wanted.map(([name]) => normalize(file.print(name)))).toEqual(expected);
      });

      it.each(DEFINITIONS)('defines %s %s', (keyword, name, text) => {
        const type = file.info.typeNamed(keyword, name);
        expect(type && normalize(printDefinition(type))).toBe(text);
      });

      it('completes the opaque type of one unit from the other', () => {
        const { type } = file.typed('g_handle');
        const handle = type.kind === 'pointer' && type.target.kind === 'typedef' ? type.target.target : type;
        expect(handle).toMatchObject({ kind: 'struct', tag: 'handle', size: 24 });
      });

      it('leaves a type opaque that nothing defines', () => {
        const file_ = file.typed('g_file').type;
        const record = file_.kind === 'pointer' && file_.target.kind === 'typedef' && file_.target.target;
        const marker =
          record && record.kind === 'struct' && record.members.find((m) => m.name === '_markers')?.type;
        const target = marker && marker.kind === 'pointer' && marker.target;
        expect(target).toMatchObject({ kind: 'struct', tag: '_IO_marker', size: undefined, members: [] });
      });

      it('gives the same type for the same entry, so that recursion closes', () => {
        const { type } = file.typed('g_node');
        const next = type.kind === 'struct' ? type.members[0]?.type : undefined;
        expect(next?.kind === 'pointer' && next.target).toBe(type);
      });

      it('tells text, signs and formats apart', () => {
        expect(file.typed('g_char').type).toMatchObject({ signed: true, text: true, size: 1 });
        expect(file.typed('g_schar').type).toMatchObject({ signed: true, text: false });
        expect(file.typed('g_uchar').type).toMatchObject({ signed: false, text: false });
        expect(file.typed('g_ldouble').type).toMatchObject({ format: 'x87', size: 16 });
        expect(file.typed('g_color').type).toMatchObject({ signed: true, size: 4 });
        expect(file.typed('g_big').type).toMatchObject({ signed: false, size: 8 });
        expect(file.typed('g_level').type).toMatchObject({ signed: false, size: 4 });
        expect(file.typed('g_packed').type).toMatchObject({ size: 11 });
        expect(file.typed('g_aligned').type).toMatchObject({ size: 32 });
        if (flags.includes('-gdwarf-5'))
          expect(file.typed('g_aligned').type).toMatchObject({ alignment: 32 });
        if (compiler !== 'gcc') return;
        expect(file.typed('g_f128').type).toMatchObject({ format: 'binary128' });
        expect(file.typed('g_f16').type).toMatchObject({ format: 'binary16' });
        expect(file.typed('g_f64x').type).toMatchObject({ format: 'x87' });
        expect(file.typed('g_cld').type).toMatchObject({ format: 'x87', size: 32 });
        expect(file.typed('g_cf128').type).toMatchObject({ format: 'binary128', size: 32 });
      });

      it('knows which functions have prototypes', () => {
        const prototyped = (name: string) => {
          const { type } = file.typed(name);
          return type.kind === 'function' && type.prototyped;
        };
        expect(['oldstyle', 'noproto', 'nothing', 'logf_'].map(prototyped)).toEqual([
          false,
          false,
          true,
          true,
        ]);
      });

      it('knows where a symbol is declared', () => {
        expect(file.typed('add').declFile).toMatch(/dwarf\/sample\.c$/);
        expect(file.typed('handle_fd').declFile).toMatch(/dwarf\/sample2\.c$/);
        expect(file.typed('g_cint').declLine).toBeGreaterThan(30);
      });

      it('prints a vector by its typedef', () => {
        const { type } = file.typed('g_vec');
        expect(type.kind === 'typedef' && print(type.target)).toBe('int __vector(4)');
      });
    });
  });
}
