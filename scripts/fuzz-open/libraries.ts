import { compile, FIXTURES, hasTool } from '../../lib/testing/tools.js';

/** A library of which mutants are made. */
export interface Base {
  readonly name: string;
  readonly path: string;
}

const SHARED = ['-shared', '-fPIC'];
const MAP = `-Wl,--version-script=${FIXTURES}/elf/mutants.map`;

/** By compiler and linker: what they write differs in what a dynamic linker looks at. */
const BUILDS: readonly (readonly [name: string, compiler: string, flags: readonly string[]])[] = [
  ['gcc', 'gcc', ['-g', '-DFEATURES=7']],
  ['gcc, DT_HASH, lazy', 'gcc', ['-s', '-DFEATURES=5', '-Wl,--hash-style=sysv,-z,lazy']],
  ['gcc, both hash tables, now', 'gcc', ['-s', '-DFEATURES=7', '-Wl,--hash-style=both,-z,now']],
  ['gcc, DT_RELR', 'gcc', ['-g', '-DFEATURES=5', '-Wl,-z,pack-relative-relocs']],
  ['gcc, versions', 'gcc', ['-g', '-O2', '-DFEATURES=5', MAP]],
  [
    'gcc, TLS descriptors, few pages',
    'gcc',
    ['-s', '-DFEATURES=5', '-mtls-dialect=gnu2', '-Wl,-z,noseparate-code,-z,norelro'],
  ],
  ['gcc, text relocations', 'gcc', ['-s', '-DFEATURES=0', '-fno-pic', '-mcmodel=large', '-Wl,-z,notext']],
  ['gcc, gold', 'gcc', ['-s', '-DFEATURES=4', '-fuse-ld=gold']],
  ['clang, lld', 'clang', ['-g', '-DFEATURES=7', '-fuse-ld=lld']],
  [
    'clang, lld, both hash tables, now',
    'clang',
    ['-s', '-DFEATURES=5', '-fuse-ld=lld', '-Wl,--hash-style=both,-z,now'],
  ],
];

/** The libraries, compiled where that was not done yet. */
export function bases(): Base[] {
  return BUILDS.filter(([, compiler]) => hasTool(compiler)).map(([name, compiler, flags]) => {
    const path = compile('elf/mutants.c', { compiler, flags: [...SHARED, ...flags], output: 'mutants.so' });
    return { name, path };
  });
}

/** The name by which `opener` needs another library; as long as that of a mutant. */
export const DEPENDENCY = 'dependency.so';

/** A sound library that takes the variable and the function of another one, which lies beside it. */
export function opener(): string {
  const flags = ['-shared', '-fPIC'];
  const other = compile('\nint number = 42;\nint sum(void) { return 0; }\n', {
    flags: [...flags, `-Wl,-soname,${DEPENDENCY}`],
    output: DEPENDENCY,
  });
  return compile(
    '\nextern int number;\nint sum(void);\nint get(void) { return number; }\nint call(void) { return sum(); }\n',
    { flags: [...flags, '-Wl,-rpath,$ORIGIN'], libs: [other], output: 'opener.so' },
  );
}
