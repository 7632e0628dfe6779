/** Libraries that bundle or need, in another version, what is also in Node's executable: each runs its own code, and the variables of libc stay live. */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';

import { ElfFile } from '../elf/file.js';
import { findLibrary } from '../elf/search.js';
import { DynamicSymbols } from '../elf/symbol.js';
import { host, hostResult } from '../testing/conformance.js';
import { compile, describeWith, hasTool, run } from '../testing/tools.js';

/** By library: what Node calls it in `process.versions`, the function that tells, and the archive to bundle, where Debian's can be part of a shared object. */
const LIBRARIES: Record<string, { node: string; tells: string; archive?: string }> = {
  z: { node: 'zlib', tells: 'zlibVersion' },
  crypto: { node: 'openssl', tells: 'OpenSSL_version', archive: 'libcrypto.a' },
  sqlite3: { node: 'sqlite', tells: 'sqlite3_libversion' },
  cares: { node: 'ares', tells: 'ares_version', archive: 'libcares.a' },
  nghttp2: { node: 'nghttp2', tells: 'nghttp2_version', archive: 'libnghttp2.a' },
  uv: { node: 'uv', tells: 'uv_version_string' },
};

const headers = ['zlib.h', 'openssl/evp.h', 'sqlite3.h', 'ares.h', 'nghttp2/nghttp2.h', 'uv.h'].map(
  (name) => `/usr/include/${name}`,
);

const build = (name: string, kind: 'needs' | 'bundles'): string =>
  compile('clashes/bundled.c', {
    flags: ['-g', '-shared', '-fPIC', `-DLIBRARY_${name}`],
    libs: [kind === 'needs' ? `-l${name}` : `-l:${LIBRARIES[name]?.archive ?? ''}`, '-lpthread', '-ldl'],
    output: `${kind}-${name}.so`,
  });

/** What the same source says as a program of its own, in which nothing clashes. */
const expected = (name: string): unknown => {
  const program = compile('clashes/bundled.c', {
    flags: ['-DMAIN', `-DLIBRARY_${name}`],
    libs: [`-l${name}`],
    output: name,
  });
  const [version, work] = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
  return { version, work };
};

const OPEN_ALL = `
  const found = Object.fromEntries(Object.entries(JSON.parse(process.argv[4])).map(([name, path]) => {
    const { version, work } = open(path, JSON.parse(process.argv[5])).symbols;
    return [name, { version: version(), ...(process.argv[6] === 'work' ? { work: work() } : {}) }];
  }));
  print({ found, versions: process.versions });`;

interface Seen {
  found: Record<string, { version: string; work?: string }>;
  versions: Record<string, string>;
}

const openAll = (paths: Record<string, string>, options: object, work = 'work'): Seen =>
  host(OPEN_ALL, { args: [JSON.stringify(paths), JSON.stringify(options), work] }) as Seen;

describeWith(['gcc', ...headers], 'the libraries that Node has inside', () => {
  const needing = Object.fromEntries(Object.keys(LIBRARIES).map((name) => [name, build(name, 'needs')]));
  const bundling = Object.fromEntries(
    Object.keys(LIBRARIES)
      .filter((name) => LIBRARIES[name]?.archive !== undefined)
      .map((name) => [name, build(name, 'bundles')]),
  );
  const programs = Object.fromEntries(Object.keys(LIBRARIES).map((name) => [name, expected(name)]));

  it('without deep binding Node answers: there is something to prevent', () => {
    const { found, versions } = openAll(needing, { deepBind: false }, 'version');
    using program = ElfFile.open(process.execPath);
    const clashing = Object.entries(LIBRARIES).filter(
      ([, { tells }]) => DynamicSymbols.of(program).lookup(tells) !== undefined,
    );
    // Of the others Node 20 to 26 export parts, or nothing (sqlite): of c-ares 52 functions, but not this one.
    expect(clashing.map(([name]) => name)).toEqual(expect.arrayContaining(['z', 'crypto', 'uv']));
    for (const [name, { node }] of clashing) {
      // Without what comes behind it: `3.0.17+quic`.
      expect(found[name]?.version).toContain(/^[\d.]+/.exec(versions[node] ?? '')?.[0] ?? 'a version');
      expect(found[name]?.version).not.toBe((programs[name] as { version: string }).version);
    }
  });

  it('what needs one runs that', () => {
    expect(openAll(needing, {}).found).toEqual(programs);
  });

  it('what bundles one runs that', () => {
    const { found } = openAll(bundling, {});
    expect(found).toEqual(Object.fromEntries(Object.keys(bundling).map((name) => [name, programs[name]])));
  });

  it('what needs one that another plugin has brought runs that', () => {
    const brought = Object.keys(LIBRARIES).map((name) => findLibrary(name) ?? '');
    const { found } = host(`for (const path of ${JSON.stringify(brought)}) open(path);\n${OPEN_ALL}`, {
      args: [JSON.stringify(needing), '{}', 'work'],
    }) as Seen;
    expect(found).toEqual(programs);
  });

  it('so it is with openAsync, in a worker and with lazy binding', () => {
    const paths = Object.entries(needing);
    const result = host(
      `const found = {};
       for (const [name, path] of ${JSON.stringify(paths)}) found[name] = (await openAsync(path, { binding: 'lazy' })).symbols.version();
       const [inWorker] = await inWorkers(1, __filename);
       print({ found, inWorker });`,
      {
        worker: `const found = {};
       for (const [name, path] of ${JSON.stringify(paths)}) found[name] = open(path).symbols.version();
       parentPort.postMessage(found);`,
      },
    );
    const versions = Object.fromEntries(
      Object.entries(programs).map(([name, value]) => [name, (value as { version: string }).version]),
    );
    expect(result).toEqual({ found: versions, inWorker: versions });
  });
});

/** The library has functions of Node's names, and looks at libc's variables also in its constructor. */
const VARIABLES = `
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
extern char **environ;
char **in_constructor;
FILE *const *const out = &stdout;
__attribute__((constructor)) static void look(void) { in_constructor = environ; fputs("constructor\\n", stdout); }
const char *zlibVersion(void) { return "mine"; }
const char *sqlite3_libversion(void) { return "mine"; }
const char *uv_version_string(void) { return "mine"; }
const char *versions(void) {
  static char text[100];
  sprintf(text, "%s %s %s", zlibVersion(), sqlite3_libversion(), uv_version_string());
  return text;
}
const char *find(const char *name) {
  size_t length = strlen(name);
  for (char **e = environ; e && *e; e++) if (!strncmp(*e, name, length) && (*e)[length] == '=') return *e + length + 1;
  return NULL;
}
int set(const char *name, const char *value) { return setenv(name, value, 1); }
void say(const char *text) { fputs(text, stdout); }
void complain(const char *text) { fputs(text, stderr); }
int same_stream(void) { return *out == stdout; }
int read_byte(void) { return getc(stdin); }
const char *zone(void) { tzset(); return tzname[0]; }
long west(void) { tzset(); return timezone; }
int light(void) { tzset(); return daylight; }
int any(void) { return memcmp(&in6addr_any, &(struct in6_addr){0}, sizeof in6addr_any); }
int options(void) { char *argv[] = {"x", "-a", "value", NULL}; optind = 1; return getopt(3, argv, "a:") == 'a' && !strcmp(optarg, "value"); }
int failing(void) { errno = 0; return unlink("/nothing/at/all") == -1 && errno == ENOENT; }
char *copied(void) { return strdup("on the heap"); }
void release(char *text) { free(text); }
`;

describe('the variables of libc', () => {
  const path = compile(VARIABLES, { output: 'variables.so' });

  it('are live under deep binding, in constructors too', () => {
    const { stdout, stderr } = hostResult(
      `process.env.BEFORE = 'here';
      const C = open(process.argv[4]).symbols;
      process.env.AFTER = 'there';
      const seen = { own: C.versions(), constructor: C.in_constructor.value !== null, before: C.find('BEFORE'), after: C.find('AFTER') };
      C.set('FROM_C', 'back');
      delete process.env.BEFORE;
      process.env.TZ = 'Europe/Rome';
      const rome = [C.zone(), C.west(), C.light()];
      process.env.TZ = 'Asia/Tokyo';
      const text = C.copied();
      const copied = text.cString();
      C.release(text);
      // One buffer for all of C, in the order in which it was written.
      const libc = open(process.argv[5], { declarations: 'int fflush(void *); int puts(const char *);' }).symbols;
      C.say('one ');
      libc.puts('two');
      C.say('three\\n');
      C.complain('wrong');
      libc.fflush(null);
      print({ ...seen, gone: C.find('BEFORE'), fromC: process.env.FROM_C, rome, tokyo: [C.zone(), C.west()], any: C.any(), stream: C.same_stream(),
        byte: C.read_byte(), options: C.options(), errno: C.failing(), copied });`,
      { args: [path, findLibrary('c') ?? ''], input: 'A' },
    );
    const [first, second, third, json = ''] = stdout.split('\n');
    expect([first, second, third, stderr]).toEqual(['constructor', 'one two', 'three', 'wrong']);
    expect(JSON.parse(json)).toEqual({
      own: 'mine mine mine',
      constructor: true,
      before: 'here',
      after: 'there',
      gone: null,
      fromC: 'back',
      rome: ['CET', -3600, 1],
      tokyo: ['JST', -32400],
      any: 0,
      stream: 1,
      byte: 65,
      options: 1,
      errno: 1,
      copied: 'on the heap',
    });
  });
});

/** A library that is bound to itself for its zlibVersion, with more in it. */
const clashing = (text: string, output: string, libs: readonly string[] = []): string =>
  compile(
    `const char *zlibVersion(void) { return "mine"; }\nconst char *own(void) { return zlibVersion(); }\n${text}`,
    { output, libs },
  );

describe('a library that is bound to itself', () => {
  it('leaves allocating memory to the process, for what one library allocates another one frees', () => {
    // As with an allocator that a library brings: strdup is of libc, and takes the memory from libc's.
    const path = clashing(
      `#include <stdlib.h>
       #include <string.h>
       static int asked;
       void *malloc(size_t size) { (void)size; asked++; return NULL; }
       void free(void *memory) { if (memory) abort(); }
       int copied(void) { char *text = strdup("text"); int right = strcmp(text, "text") == 0; free(text); char *m = malloc(10); right += m != NULL; free(m); return right; }
       int times_asked(void) { return asked; }`,
      'allocator.so',
    );
    for (const deepBind of ['auto', true]) {
      const script = `const C = open(process.argv[4], { deepBind: ${JSON.stringify(deepBind)} }).symbols; print([C.own(), C.copied(), C.times_asked()]);`;
      expect(host(script, { args: [path] })).toEqual(['mine', 2, 0]);
    }
  });

  it('keeps to what LD_PRELOAD has put before libc', () => {
    const preloaded = compile('#include <time.h>\ntime_t time(time_t *t) { if (t) *t = 42; return 42; }\n', {
      output: 'time.so',
    });
    const path = clashing('#include <time.h>\nlong now(void) { return time(NULL); }\n', 'now.so');
    const script = 'const C = open(process.argv[4]).symbols; print([C.own(), C.now()]);';
    expect(host(script, { args: [path], env: { LD_PRELOAD: preloaded } })).toEqual(['mine', 42]);
  });

  it('fails with the words of the linker, and leaves no descriptor', () => {
    const needing = clashing(
      '#include <stdio.h>\nvoid nowhere(void);\nvoid say(void) { puts("x"); fflush(stdout); nowhere(); }\n',
      'undefined.so',
    );
    const paths = Array.from({ length: 20 }, (_, i) =>
      clashing(
        `#include <stdio.h>\nint number = ${i};\nint to(void) { return fileno(stdout); }\n`,
        `many${i}.so`,
      ),
    );
    const result = host(
      `const count = () => fs.readdirSync('/proc/self/fd').length;
       const words = [firstLine(() => open(process.argv[4])), firstLine(() => open(process.argv[4], { deepBind: false }))];
       words.push(await openAsync(process.argv[4]).catch((e) => e.message.split('\\n')[0]));
       const before = count();
       const opened = JSON.parse(process.argv[5]).map((path) => open(path));
       // One descriptor each: the file itself, whose types are read when they are asked for.
       print({ words: [...new Set(words)], left: count() - before - opened.length, numbers: opened.map((p) => p.lookup('number').value), to: opened.map((p) => p.lookup('to')()),
         again: open(JSON.parse(process.argv[5])[3]) === opened[3], names: opened.map((p) => p.path) });`,
      { args: [needing, JSON.stringify(paths)] },
    );
    expect(result).toEqual({
      words: [`plugin.Open("${needing}"): ${needing}: undefined symbol: nowhere`],
      left: 0,
      numbers: paths.map((_, i) => i),
      to: paths.map(() => 1),
      again: true,
      names: paths,
    });
  });
});

const runtimes = ['asan', 'tsan', 'lsan'].map((name) => ({
  name,
  path: hasTool('gcc') ? run('gcc', [`-print-file-name=lib${name}.so`]).trim() : '/nothing',
}));

describeWith(
  runtimes.map(({ path }) => path),
  'under the runtime of a sanitizer',
  () => {
    it.each(runtimes)(
      '$name: deep binding, which would end the process, is left or refused',
      ({ name, path }) => {
        const library = clashing(
          '#include <stdlib.h>\nchar *home(void) { return getenv("HOME"); }\n',
          'home.so',
        );
        const { stdout, signal } = hostResult(
          `const refused = failure(() => open(process.argv[4], { deepBind: true }));
       const C = open(process.argv[4]).symbols;
       fs.writeSync(1, JSON.stringify({ refused: [refused.code, refused.first], own: C.own() === 'mine', home: C.home() !== null }));
       process.kill(process.pid, 'SIGKILL');`,
          {
            args: [library],
            env: { LD_PRELOAD: realpathSync(path), ASAN_OPTIONS: 'detect_leaks=0' },
            timeoutMilliseconds: 60_000,
          },
        );
        const reason = `the runtime of a sanitizer, of which __${name}_init is part, ends the process at deep binding`;
        expect(signal).toBe('SIGKILL');
        expect(JSON.parse(stdout)).toEqual({
          refused: ['ERR_PLUGIN_OPEN', `plugin.Open("${library}"): deepBind: true: ${reason}`],
          own: false,
          home: true,
        });
      },
    );
  },
);
