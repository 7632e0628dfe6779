/** Rows 62 to 71 of the conformance table: what the test-suites of Boost.DLL, libloading, GModule and POCO pin down. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inspect } from '../library/inspect.js';
import { buildConformance, host, scratchFolder } from '../testing/conformance.js';
import { run } from '../testing/tools.js';

const built = buildConformance();
const basics = join(built, 'libbasics.so');

it('row 62: Boost: errors of opening, of looking up, and of inspecting', () => {
  const result = host(`
    const nothing = open(so('libnothing.so'));
    print({
      opened: ['/not/existing', '', '\\0\\0', built].map((name) => failure(() => open(name)).code),
      lookups: [() => nothing.lookup('variable'), () => nothing.lookup(''), () => open(so('libbasics.so')).lookup('integr')].map((f) => failure(f).code),
      symbols: [...nothing].length,
      noBinary: failure(() => plugin.inspect(so('libbasics.c'))),
      missing: failure(() => plugin.inspect('/not/existing')).code,
    });`);
  expect(result).toMatchObject({
    opened: Array(4).fill('ERR_PLUGIN_OPEN'),
    lookups: Array(3).fill('ERR_PLUGIN_SYMBOL'),
    symbols: 0,
    noBinary: { name: 'PluginError', code: 'ERR_FORMAT' },
    missing: 'ENOENT',
  });
});

it('row 63: Boost: no name is decorated and no directory searched unless findLibrary is asked', () => {
  const result = host(
    `
    const { findLibrary } = plugin;
    const failures = ['basics', 'libbasics', 'libm.so.6', 'm'].map((name) => failure(() => open(name)));
    const refused = failures.map(({ first }) => first);
    const hints = failures.map(({ more }) => /findLibrary\\('(.*)'\\)/.exec(more.join())?.[1]);
    const system = findLibrary('m');
    print({ refused, hints, decorated: findLibrary('basics'), byName: findLibrary('libbasics.so'), none: findLibrary('no such library') ?? null,
      system: [/\\/libm\\.so\\.6$/.test(system), findLibrary('libm.so.6') === system, open(system).path === fs.realpathSync(system), open(system).has('cos')] });`,
    { cwd: built, env: { LD_LIBRARY_PATH: built } },
  );
  const refused = ['basics', 'libbasics', 'libm.so.6', 'm'].map(
    (name) => `plugin.Open("${name}"): realpath failed`,
  );
  expect(result).toEqual({
    refused,
    hints: ['basics', 'libbasics', 'libm.so.6', 'm'],
    decorated: basics,
    byName: basics,
    none: null,
    system: [true, true, true, true],
  });
});

it('row 63: Boost: the flags lazy and global are honoured', () => {
  const result = host(`
    const now = firstLine(() => open(so('usesglobal.so')));
    const lazy = open(so('undefined-lazy.so'), { binding: 'lazy' });
    open(so('gmodule_a.so'), { scope: 'local' });
    const local = firstLine(() => open(so('usesglobal.so')));
    open(so('gmodule_b.so'), { scope: 'global' });
    print({ now, local, lazy: lazy.lookup('G')(), global: open(so('usesglobal.so')).lookup('F')() });`);
  const path = join(built, 'usesglobal.so');
  const undefined_ = `plugin.Open("${path}"): ${path}: undefined symbol: only_here`;
  expect(result).toEqual({ now: undefined_, local: undefined_, lazy: 1, global: 'B'.charCodeAt(0) });
});

it('row 64: Boost: a variable is read, written and read; const, reference, alias, and a pointer to itself', () => {
  const result = host(`
    const { integer, const_integer, reference, alias, self, add } = open(so('libbasics.so')).symbols;
    const seen = [integer.value];
    integer.value = 10;
    seen.push(integer.value, reference().value, alias.value, reference().equals(integer), alias.equals(integer));
    reference().value = 11;
    seen.push(alias.value, const_integer.value, failure(() => (const_integer.value = 1)).code, self.value.address === self.address, add(1.5, 2));
    // Still valid after others came.
    open(so('plugin1.so'));
    failure(() => open(so('undefined.so')));
    print([...seen, integer.value]);`);
  expect(result).toEqual([100, 10, 10, 10, true, true, 11, 10, 'ERR_READ_ONLY', true, 3.5, 11]);
});

it('row 65: Boost: sections are those of readelf', () => {
  const { sections } = inspect(basics);
  const rows = [
    ...run('readelf', ['-SW', basics]).matchAll(
      /^ +\[ *\d+\] (\S*) +\S+ +([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+) /gm,
    ),
  ];
  const theirs = rows.map(([, name, address = '', size = '']) => ({
    name,
    address: BigInt(`0x${address}`),
    size: parseInt(size, 16),
  }));
  expect(theirs.length).toBeGreaterThan(20);
  expect(sections).toEqual(theirs);
  expect(sections.filter((s) => s.name === '.nonexistent')).toEqual([]);
});

it('row 65: Boost: a stripped library lists the same symbols', () => {
  const names = (path: string): string[] => inspect(path).symbols.map((s) => s.name);
  const stripped = join(built, 'libbasics-stripped.so');
  expect(names(stripped)).toEqual(names(basics));
  expect(names(stripped)).toContain('integer');
  expect(inspect(stripped).typeSource).toBeUndefined();
  const result = host(`
    const p = open(so('libbasics-stripped.so'));
    const identity = p.lookup('identity');
    print([failure(() => identity(5)), p.lookup('identity', 'unsigned int (unsigned int)')(5), p.lookup('integer', 'int').value, failure(() => p.lookup('integer', 'double'))]);`);
  expect(result).toMatchObject([{ code: 'ERR_PLUGIN_TYPE' }, 5, 100, { code: 'ERR_PLUGIN_TYPE' }]);
});

it('row 65: Boost: a damaged header gives an error, and the library is read as far as it can be', () => {
  const bytes = readFileSync(basics);
  const scratch = scratchFolder();
  // Offsets of Elf64_Ehdr (gABI ch. 4)
  const damages: [name: string, at: number, size: number][] = [
    ['e_shoff', 40, 4],
    ['e_shentsize', 58, 2],
    ['e_shnum', 60, 2],
    ['e_shstrndx', 62, 2],
    ['e_phoff', 32, 4],
    ['e_phentsize', 54, 2],
    ['e_phnum', 56, 2],
  ];
  const outcomes = damages.map(([name, at, size]) => {
    const copy = Uint8Array.from(bytes);
    copy.fill(0x7e, at, at + size);
    const path = join(scratch, `${name}.so`);
    writeFileSync(path, copy);
    try {
      return inspect(path).sections.length;
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  });
  expect(outcomes.filter((o) => o !== 'ERR_FORMAT' && typeof o !== 'number')).toEqual([]);
  expect(outcomes[0]).toBe('ERR_FORMAT');
  // The linker needs no section headers: what is wrong with them is told when a type is wanted.
  const result = host(
    `
    print(${JSON.stringify(damages.map(([name]) => name))}.map((name) => {
      try {
        const p = open(join(scratch, name + '.so'), { copies: 'allow' });
        return [p.buildId?.length ?? null, p.lookup('integer', 'int').value];
      } catch (error) {
        return error.code;
      }
    }));`,
    { scratch },
  ) as unknown[];
  expect(result.slice(0, 4)).toEqual(Array(4).fill([40, 100]));
  expect(result.slice(4)).toEqual(Array(3).fill('ERR_PLUGIN_OPEN'));
});

it('row 66: Boost: an address leads back to the library and the symbol, with a dirty errno', () => {
  const result = host(`
    const { errno, findLibrary } = plugin;
    const declarations = 'typedef struct { const char *dli_fname; void *dli_fbase; const char *dli_sname; void *dli_saddr; } Dl_info; int dladdr(const void *, Dl_info *);';
    const libc = open(findLibrary('libc.so.6'), { declarations });
    const basics = open(so('libbasics.so'));
    const { add, counter } = basics.symbols;
    const info = libc.alloc('Dl_info');
    const found = (address) => {
      errno(1234);
      const n = libc.lookup('dladdr')(address, info);
      const { dli_fname, dli_sname, dli_saddr } = info.value;
      return [n !== 0, dli_fname, dli_sname, dli_saddr.address === address.address, errno()];
    };
    print({ path: basics.path, seen: [found(plugin.cast('void *', add)), found(counter.cast('void *'))] });`) as {
    path: string;
    seen: unknown[];
  };
  expect(result).toEqual({
    path: basics,
    seen: ['add', 'counter'].map((name) => [true, basics, name, true, 1234]),
  });
});

it('row 67: Boost: threads that load the same libraries at once', () => {
  const result = host(`print(await inWorkers(3, __filename));`, {
    worker: `
    const names = ['libbasics.so', 'plugin1.so', 'sub/plugin1.so', 'unique1.so', 'gmodule_a.so'];
    const order = names.map((_, i) => names[(i + workerData.index) % names.length]);
    const plugins = Object.fromEntries(order.map((name) => [name, open(so(name))]));
    const [basics, one, sub, unique, a] = names.map((name) => plugins[name].symbols);
    parentPort.postMessage([basics.add(1, 2), one.F(), sub.F(), unique.sum(unique.make()), a.self_name.value, one.inits.value]);`,
  });
  expect(result).toEqual(Array(3).fill([3, 3, 17, 3, 'A', 1]));
});

it('row 68: libloading: functions, statics, names with NUL, types of the wrong size', () => {
  const result = host(`
    const p = open(so('libbasics.so'));
    const { identity, counter, get_counter, own_storage, read_storage } = p.symbols;
    counter.value = 0xdeadbeef;
    own_storage().value = 8;
    print([
      identity(0), identity(4294967295), failure(() => identity(-1)).code, failure(() => identity(2 ** 32)).code,
      get_counter(), read_storage(), own_storage().equals(own_storage()),
      failure(() => open(so('libbasics.so') + '\\0')).code, failure(() => p.lookup('identity\\0')).code, failure(() => p.lookup('freopen')).code,
      failure(() => p.lookup('counter', 'unsigned char')).code, failure(() => p.lookup('counter', 'unsigned long')).code,
    ]);`);
  expect(result).toEqual([
    ...[0, 4294967295, 'ERR_OUT_OF_RANGE', 'ERR_OUT_OF_RANGE'],
    ...[0xdeadbeef, 8, true],
    ...['ERR_PLUGIN_OPEN', 'ERR_PLUGIN_SYMBOL', 'ERR_PLUGIN_SYMBOL'],
    ...['ERR_PLUGIN_TYPE', 'ERR_PLUGIN_TYPE'],
  ]);
});

it('row 68: libloading: opening again and again ten thousand times from each of sixteen threads', () => {
  const result = host(`print(await inWorkers(16, __filename));`, {
    worker: `
    const first = open(so('libbasics.so'));
    let same = 0;
    for (let i = 0; i < 10_000; i++) same += open(so('libbasics.so')) === first ? 1 : 0;
    parentPort.postMessage(same);`,
  });
  expect(result).toEqual(Array(16).fill(10_000));
});

it('row 69: libloading: a name without prefix and suffix leads to the file', () => {
  const env = { LD_LIBRARY_PATH: built };
  expect(host(`print([plugin.findLibrary('basics'), plugin.findLibrary('common')]);`, { env })).toEqual([
    basics,
    join(built, 'libcommon.so'),
  ]);
});

it('row 70: GModule: a function of one name acts on its own state, and can be handed to another library', () => {
  const result = host(`
    const [a, b] = ['gmodule_a.so', 'gmodule_b.so'].map((name) => open(so(name)).symbols);
    const states = () => [a.state.value, b.state.value];
    const clear = () => { const was = states(); a.state.value = b.state.value = ''; return was; };
    const seen = [];
    a.g_clash_func(); seen.push(clear());
    b.call_own(); seen.push(clear());
    // A calls what belongs to B.
    a.call_other(b.g_clash_func); seen.push(clear());
    print(seen);`);
  expect(result).toEqual([
    ['A was called', ''],
    ['', 'B was called'],
    ['', 'B was called'],
  ]);
});

it('row 70: GModule: with global scope the second library acts on the state of the first', () => {
  const result = host(`
    const [a, b] = ['gmodule_a.so', 'gmodule_b.so'].map((name) => open(so(name), { scope: 'global' }).symbols);
    b.call_own();
    print([a.state.value, b.state.equals(a.state)]);`);
  // What the option's description warns of. B's own code uses A's variable, and so that is what a lookup in B gives.
  expect(result).toEqual(['A was called', true]);
});

it('row 70: GModule: a text that describes a library is none', () => {
  const scratch = scratchFolder();
  writeFileSync(
    join(scratch, 'libx.la'),
    `# libx.la - a libtool library file\n${'#\n'.repeat(20)}dlname='libx.so.0'\n`,
  );
  const result = host(`print(failure(() => open(join(scratch, 'libx.la'))));`, { scratch });
  expect(result).toMatchObject({
    code: 'ERR_PLUGIN_OPEN',
    first: `plugin.Open("${scratch}/libx.la"): ${scratch}/libx.la: invalid ELF header`,
  });
});

it('row 71: POCO: has, what is missing, and a failed open that harms nothing', () => {
  const result = host(`
    const p = open(so('libbasics.so'));
    const { more } = failure(() => open(so('libneedsgone.so')));
    print([p.has('identity'), p.has('no_such'), failure(() => p.lookup('no_such')).code, p.lookup('identity')(3), more[0], p.needed]);`);
  const needed = [...run('readelf', ['-d', basics]).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((m) => m[1]);
  expect(result).toEqual([
    ...[true, false, 'ERR_PLUGIN_SYMBOL', 3],
    `libgone.so is needed by ${built}/libneedsgone.so; looked for in`,
    needed,
  ]);
});
