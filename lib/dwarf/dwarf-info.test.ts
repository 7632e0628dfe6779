import type { CType } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { compile, describeWith } from '../testing/tools.js';
import { DW_LANG } from './constants.js';

const shared = ['-w', '-shared', '-fPIC'];

function open(source: string, flags: readonly string[] = ['-g'], compiler = 'gcc'): DwarfFile {
  return new DwarfFile(compile(source, { compiler, flags: [...shared, ...flags] }));
}

/** The parameter types of a function, without typedefs and qualifiers. */
function parameters(file: DwarfFile, name: string): CType[] {
  const { type } = file.typed(name);
  return type.kind === 'function' ? type.parameters.map((p) => bare(p.type)) : [];
}

describeWith(['gcc'], 'functions by address', () => {
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
    const file = open(SPLIT, [version, '-O2', '-freorder-blocks-and-partition']);
    expect(file.print('hot')).toBe('int hot(int *values, long int count)');
    expect(file.typed('hot').match).toBe('exact');
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
    expect(file.typed('other_name')).toMatchObject({ match: 'alias', dieName: 'target', declLine: 2 });
    expect(file.typed('link_name')).toMatchObject({ match: 'exact', dieName: 'source_name' });
    expect(file.print('link_name')).toBe('int link_name(long int x)');
  });

  it('trusts the definition of a name more than the entry at its address', () => {
    const file = open('int at_address(int a) { return a; }\nunsigned by_name(unsigned b) { return b; }\n');
    const { address } = file.query('at_address');
    // Identical code folding gives both functions one address (lld --icf=all).
    expect(file.info.symbol({ name: 'by_name', kind: 'function', address })).toMatchObject({
      match: 'name',
      type: { result: { name: 'unsigned int' } },
    });
    expect(file.info.symbol({ name: 'unknown', kind: 'function', address })).toMatchObject({
      match: 'alias',
      dieName: 'at_address',
    });
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
      match: 'declaration',
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

    it('names the split file that holds the types', () => {
      const symbol = open(SOURCE, ['-g', '-gsplit-dwarf']).symbol('g');
      expect('reason' in symbol && symbol.reason).toMatch(
        /^its debug info is in a split file, .*\.dwo, which/,
      );
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
      expect(file.typed('_ZN2ns7mangledEd')).toMatchObject({ match: 'exact', dieName: 'mangled' });
      expect(file.typed('_ZN3Pod1sE')).toMatchObject({ match: 'exact', type: { name: 'int' } });
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

describeWith(['rustc'], 'rustc', () => {
  const SOURCE = `
    #[repr(C)] pub struct P { a: i32, b: u8 }
    pub enum E { A(i32), B(u64, u8), C }
    #[no_mangle] pub extern "C" fn add(a: i32, b: u64) -> i64 { a as i64 + b as i64 }
    #[no_mangle] pub extern "C" fn nothing() {}
    #[no_mangle] pub extern "C" fn variant(e: &E, p: P) -> char { 'x' }
  `;
  const build = (level: number) =>
    new DwarfFile(
      compile(SOURCE, {
        compiler: 'rustc',
        flags: ['--crate-type', 'cdylib', '--crate-name', 'inline', '-Awarnings', '-C', `debuginfo=${level}`],
      }),
    );

  it('types what is exported with debuginfo=2', () => {
    const file = build(2);
    expect(file.print('add')).toBe('i64 add(i32 a, u64 b)');
    expect(file.print('nothing')).toBe('void nothing(void)');
    expect(file.typed('add').language).toBe(DW_LANG.Rust);
    const [e, p] = parameters(file, 'variant');
    expect(p).toMatchObject({ kind: 'struct', tag: 'P', size: 8 });
    expect(e?.kind === 'pointer' && e.target).toMatchObject({
      kind: 'unsupported',
      reason: 'its members depend on a variant',
    });
  });

  it('has no types with debuginfo=1', () => {
    expect(build(1).symbol('nothing')).toEqual({ reason: 'its debug info has no types (-g1)' });
  });
});
