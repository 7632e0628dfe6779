import type { CType } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { compile, describeWith, run } from '../testing/tools.js';

const shared = ['-w', '-shared', '-fPIC'];

function open(source: string, flags: readonly string[] = ['-g'], compiler = 'gcc'): DwarfFile {
  return new DwarfFile(compile(source, { compiler, flags: [...shared, ...flags] }));
}

/** The parameter types of a function, without typedefs and qualifiers. */
function parameters(file: DwarfFile, name: string): CType[] {
  const { type } = file.typed(name);
  return type.kind === 'function' ? type.parameters.map((p) => bare(p.type)) : [];
}

describeWith(['gcc', 'readelf'], 'functions by address', () => {
  const SPLIT = `
    extern void abort(void);
    __attribute__((cold, noinline)) void fail(const char *why) { __asm__ volatile("" :: "r"(why)); abort(); }
    int hot(int *values, long count) {
      int sum = 0;
      if (__builtin_expect(count < 0, 0)) { fail("negative"); fail("twice"); sum = values[3]; }
      for (long i = 0; i < count; i++) sum += values[i];
      return sum;
    }
  `;

  it.each(['-gdwarf-4', '-gdwarf-5'])('finds a function split into hot and cold parts: %s', (version) => {
    const flags = [...shared, version, '-O2', '-freorder-blocks-and-partition'];
    const path = compile(SPLIT, { compiler: 'gcc', flags });
    const file = new DwarfFile(path);
    // gcc has split it, and says where the parts are, not where it begins.
    expect(run('readelf', ['-sW', path])).toMatch(/ hot\.cold$/m);
    const [, entry = ''] = run('readelf', ['--debug-dump=info', path]).split(/DW_AT_name +: hot\n/);
    const [own = ''] = entry.split(/^ *<\d+><[\da-f]+>:/m);
    expect(own).toMatch(/DW_AT_ranges/);
    expect(own).not.toMatch(/DW_AT_low_pc/);
    expect(file.print('hot')).toBe('int hot(int *values, long int count)');
  });

  it('does not take address 0 of what the linker removed for an address', () => {
    const source = `
      __attribute__((visibility("hidden"))) long removed(char *a, char *b) { return a - b; }
      int kept(int a) { return a; }
    `;
    const file = open(source, ['-g', '-ffunction-sections', '-Wl,--gc-sections']);
    expect(file.print('kept')).toBe('int kept(int a)');
    expect(file.info.symbol({ name: 'nameless', kind: 'function', address: 0n })).toEqual({
      reason: 'it has no entry in the debug info',
    });
  });

  it('matches aliases by address and asm labels by their linkage name', () => {
    const file = open(`
      int target(int q) { return q; }
      int other_name(int q) __attribute__((alias("target")));
      int source_name(long x) __asm__("link_name");
      int source_name(long x) { return x; }
    `);
    expect(file.print('other_name')).toBe('int other_name(int q)');
    expect(file.typed('other_name').declLine).toBe(2);
    expect(file.print('link_name')).toBe('int link_name(long int x)');
  });

  it('does not take what another symbol is called for an alias', () => {
    const file = open('double foo(double d) { return d; }\nint foo_old(int a) { return a; }\n');
    const { address } = file.query('foo_old');
    const { address: other } = file.query('foo');
    const foo = (at: bigint | undefined) => {
      const symbol = file.info.symbol({ name: 'foo', kind: 'function', address: at });
      return 'reason' in symbol ? symbol.reason : print(symbol.type);
    };
    // `foo@V1` is `foo_old`, `foo@@V2` is `foo` (.symver).
    expect(foo(address)).toBe('int (int a)');
    expect(foo(other)).toBe('double (double d)');
    // Of code without debug info nothing is known, whatever it is called.
    expect(foo(0x77777777n)).toBe(
      `what the debug info calls foo is another symbol, at 0x${other?.toString(16)}`,
    );
    expect(foo(undefined)).toBe('double (double d)');
  });

  it.each([
    ['a function', 'double foo(double d) { return d; }', 'double caller(void) { return foo(1); }'],
    // Its abstract instance has no address.
    [
      'an inlined function',
      'double foo(double d) { return d; }',
      'double caller(void) { return foo(1) + foo(2); }',
    ],
    [
      'a declaration',
      'double foo(double d) { return d; }',
      'double bar(double); double caller(void) { return bar(1); }',
    ],
  ])('knows that %s of the name is elsewhere', (_, definition, caller) => {
    const source = `int foo_old(int a) { return a; }\n${definition}\n${caller}\n`;
    const file = open(source, ['-g', '-O3', '-fno-semantic-interposition']);
    const { address } = file.query('foo_old');
    expect(file.info.symbol({ name: 'foo', kind: 'function', address })).toMatchObject({
      type: { result: { name: 'int' } },
    });
    expect(file.info.symbol({ name: 'foo', kind: 'function', address: 0x77777777n })).toHaveProperty(
      'reason',
    );
  });

  it("takes an IFUNC's signature from its resolver or a declaration, never the resolver's own", () => {
    const file = open(`
      static int impl(int x) { return x; }
      static int (*typed(void))(int x) { return impl; }
      static void *untyped(void) { return impl; }
      int by_resolver(int x) __attribute__((ifunc("typed")));
      int by_nothing(int x) __attribute__((ifunc("untyped")));
    `);
    expect(file.print('by_resolver')).toBe('int by_resolver(int)');
    expect(file.symbol('by_nothing')).toEqual({ reason: 'it has no entry in the debug info' });
  });

  it('takes the prototype of a function that is only declared here', () => {
    // gcc describes a declaration that is called.
    const file = open('int puts(const char *s);\nint call(void) { return puts("x"); }\n', ['-g', '-O2']);
    expect(file.info.symbol({ name: 'puts', kind: 'function', address: 0x10n })).toMatchObject({
      type: { kind: 'function', prototyped: true },
    });
  });

  it('takes the parameters of an instance from its abstract origin', () => {
    const file = open(
      'int both(int used, long unused) { return used; }\nint calls(int x) { return both(x, 2) + both(x, 3); }\n',
      ['-g', '-O3', '-fno-semantic-interposition'],
    );
    expect(file.print('both')).toBe('int both(int used, long int unused)');
  });
});

describeWith(['clang', 'ld.lld'], 'clang', () => {
  it('gives functions that the linker folded into one their own types', () => {
    const file = open(
      'int first(int a) { return a + 1; }\nunsigned second(unsigned b) { return b + 1; }\n',
      ['-g', '-O2', '-ffunction-sections', '-fuse-ld=lld', '-Wl,--icf=all'],
      'clang',
    );
    expect(file.query('first').address).toBe(file.query('second').address);
    expect(file.print('first')).toBe('int first(int a)');
    expect(file.print('second')).toBe('unsigned int second(unsigned int b)');
  });

  it.each(['-gdwarf-4', '-gdwarf-5'])('says which functions are not called as C calls: %s', (version) => {
    const file = open(
      `
      __attribute__((ms_abi)) int ms(int a) { return a; }
      __attribute__((regcall)) int regs(int a) { return a; }
      __attribute__((preserve_most)) int most(int a) { return a; }
      __attribute__((sysv_abi)) int own(int a) { return a; }
      int plain(int a) { return a; }
      int (__attribute__((ms_abi)) *pointer)(int);
      `,
      [version, '-O2'],
      'clang',
    );
    const convention = (name: string) => {
      const type = bare(file.typed(name).type);
      const called = type.kind === 'pointer' ? bare(type.target) : type;
      return called.kind === 'function' ? called.convention : 'no function';
    };
    expect(['ms', '__regcall3__regs', 'most', 'own', 'plain', 'pointer'].map(convention)).toEqual([
      'DW_CC.LLVM_Win64',
      'DW_CC.LLVM_X86RegCall',
      'DW_CC.LLVM_PreserveMost',
      undefined,
      undefined,
      'DW_CC.LLVM_Win64',
    ]);
  });

  it('does not take a _BitInt for the integer that it is stored in', () => {
    const file = open('_BitInt(37) a;\nunsigned _BitInt(7) b;\n', ['-g'], 'clang');
    for (const [name, size] of [
      ['a', 8],
      ['b', 1],
    ] as const) {
      expect(file.typed(name).type).toMatchObject({
        kind: 'unsupported',
        size,
        reason: 'an integer of which not every bit counts',
      });
    }
  });
});

describe('debug info without types', () => {
  const SOURCE = 'int V;\nvoid f(void) {}\nint g(int a) { return a; }\nvoid h() {}\n';

  describeWith(['gcc'], 'gcc', () => {
    it.each(['f', 'g', 'h', 'V'])('-g1 does not make %s a void', (name) => {
      expect(open(SOURCE, ['-g1']).symbol(name)).toEqual({ reason: 'its debug info has no types (-g1)' });
    });

    it('-g does', () => {
      const file = open(SOURCE);
      expect(['f', 'g', 'h'].map((n) => file.print(n))).toEqual(['void f(void)', 'int g(int a)', 'void h()']);
    });

    it('says so of assembler', () => {
      const source = '.text\n.globl plain\n.type plain,@function\nplain: ret\n.size plain,.-plain\n';
      expect(open(source, ['-g', '-x', 'assembler']).symbol('plain')).toEqual({
        reason: 'it is written in assembler',
      });
    });
  });

  describeWith(['clang'], 'clang', () => {
    it.each(['f', 'g', 'h', 'V'])('-g1 does not make %s a void', (name) => {
      expect(open(SOURCE, ['-g1'], 'clang').symbol(name)).toEqual({
        reason: 'it has no entry in the debug info',
      });
    });
  });

  it('says that there is none', () => {
    expect(open(SOURCE, ['-g0']).symbol('f')).toEqual({ reason: 'there is no debug info' });
  });
});

for (const compiler of ['g++', 'clang++']) {
  describeWith([compiler], compiler, () => {
    const SOURCE = `
      #include <string>
      namespace ns { extern "C" int inside(int a) { return a; } int mangled(double d) { return d; } }
      struct Pod { int a; static int s; int method(const Pod &o) const; };
      int Pod::s = 4;
      int Pod::method(const Pod &o) const { return a + o.a; }
      struct Dtor { int a; ~Dtor(); };
      Dtor::~Dtor() {}
      struct Copy { int a; Copy(const Copy &); };
      Copy::Copy(const Copy &o) : a(o.a) {}
      struct Virtual { virtual void f(); int a; };
      void Virtual::f() {}
      struct Holds { std::string text; int b; };
      struct Derived : Pod { int c; };
      struct Defaulted { int a; Defaulted() = default; Defaulted(const Defaulted &) = default; ~Defaulted() = default; };
      extern "C" {
        int trivial(Pod a, Derived b, Defaulted c) { return a.a + b.c + c.a; }
        int fussy(Dtor a, Copy b, Virtual c, Holds d) { return a.a; }
        int refs(Pod &a, Pod &&b) { return a.a; }
        int Pod::*member = &Pod::a;
        char16_t utf16;
        bool flag;
        void nothing() {}
      }
    `;
    let file: DwarfFile;
    beforeAll(() => {
      file = new DwarfFile(
        compile(SOURCE, { compiler, flags: [...shared, '-g', '-x', 'c++', '-std=c++17'] }),
      );
    });

    it('finds functions in namespaces, methods and static members', () => {
      expect(file.print('inside')).toBe('int inside(int a)');
      expect(file.print('_ZN2ns7mangledEd')).toBe('int _ZN2ns7mangledEd(double d)');
      expect(file.print('_ZN3Pod1sE')).toBe('int _ZN3Pod1sE');
      expect(parameters(file, '_ZNK3Pod6methodERKS_')).toMatchObject([
        { kind: 'pointer' },
        { reference: '&' },
      ]);
    });

    it('knows no functions without a prototype', () => {
      expect(file.print('nothing')).toBe('void nothing(void)');
    });

    it('tells which classes are passed by reference', () => {
      const why = (name: string) =>
        parameters(file, name).map((t) => t.kind === 'struct' && t.nonTrivial !== undefined);
      expect(why('trivial')).toEqual([false, false, false]);
      expect(why('fussy')).toEqual([true, true, true, true]);
    });

    it('leaves out static members and shows a base class as an unnamed member', () => {
      const [pod, derived] = parameters(file, 'trivial');
      expect(pod).toMatchObject({ kind: 'struct', members: [{ name: 'a', offset: 0 }] });
      expect(derived).toMatchObject({
        members: [
          { name: undefined, type: pod },
          { name: 'c', offset: 4 },
        ],
      });
    });

    it('describes references, UTF characters and pointers to members', () => {
      expect(parameters(file, 'refs')).toMatchObject([{ reference: '&' }, { reference: '&&' }]);
      expect(file.typed('utf16').type).toMatchObject({ kind: 'int', size: 2, signed: false, text: false });
      expect(file.typed('flag').type).toMatchObject({ kind: 'bool', size: 1 });
      expect(file.typed('member').type).toMatchObject({
        kind: 'unsupported',
        reason: 'DW_TAG.ptr_to_member_type is not supported',
      });
    });
  });
}
