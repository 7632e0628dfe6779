import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { TypeSource } from '../../ctypes/type-source.js';
import { printDefinition } from '../../ctypes/print.js';
import type { CType } from '../../ctypes/model.js';
import { ElfFile } from '../../elf/file.js';
import { isPluginError } from '../../errors.js';
import { Library } from '../../library/library.js';
import { makeTypesFile } from '../../library/types-file.js';
import { thrownBy } from '../../testing/fixture.js';
import { childValue } from '../../testing/run-child.js';
import { BUILD, compile, describeWith } from '../../testing/tools.js';
import { TypesFileReader } from './read.js';
import { typesFileSource } from './source.js';

const FOLDER = join(BUILD, 'types-file-source');

/** The JSON of a types file, to be made wrong. */
interface Json {
  format: unknown;
  version: unknown;
  library: Record<string, unknown>;
  source: Record<string, unknown>;
  target: Record<string, unknown>;
  types: Record<string, unknown>[];
  symbols: Record<string, unknown>;
  names: Record<string, Record<string, unknown>>;
  constants: Record<string, unknown>;
}

function save(name: string, content: unknown): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const LIBRARY = `
struct point { int x, y; }; typedef struct point point_t; enum color { RED, GREEN = 7 };
int sum(const point_t *p, enum color c, double (*weigh)(point_t *)) { return 0; }
unsigned char bytes[4]; struct { unsigned low : 3, high : 5; } bits;
`;

describeWith(['gcc'], 'a types file', () => {
  const path = compile(LIBRARY, {
    flags: ['-g', '-shared', '-fPIC', '-Wl,-soname,libone.so.1', '-Wl,--build-id=0x1122'],
  });
  const library = Library.open(path);
  const text = makeTypesFile(library).text;
  const json = (): Json => JSON.parse(text) as Json;
  const sum = { name: 'sum', kind: 'function', address: library.find('sum')?.value } as const;
  const open = (content: unknown, name = 'x.types.json'): TypeSource =>
    typesFileSource(save(name, content), library);

  it('answers as the debug info does', () => {
    const source = open(text);
    expect(source.name).toBe(`types file ${join(FOLDER, 'x.types.json')} (DWARF in ${path})`);
    const found = source.symbol(sum);
    expect('type' in found && printDefinition(found.type)).toBe(
      'int (const point_t *p, enum color c, double (*weigh)(point_t *))',
    );
    expect(source.symbol({ ...sum, name: 'missing' })).toEqual({
      reason: `it is not in ${join(FOLDER, 'x.types.json')}, made from DWARF in ${path}`,
    });
    expect(source.symbol({ ...sum, kind: 'variable' })).toHaveProperty('reason');
  });

  it('needs no compiler and no PATH to be read', () => {
    const file = save('child.types.json', text);
    const child = `
import { Library } from '#lib/library/library.js';
import { typesFileSource } from '#lib/debuginfo/types-file/source.js';
const source = typesFileSource(${JSON.stringify(file)}, Library.open(${JSON.stringify(path)}));
const found = source.symbol({ name: 'sum', kind: 'function', address: undefined });
console.log(JSON.stringify([process.env.PATH, 'type' in found && found.type.kind]));
`;
    expect(childValue(child, { env: { PATH: '' } })).toEqual(['', 'function']);
  });

  it('is refused for another library', () => {
    const flags = ['-g', '-shared', '-fPIC', '-Wl,-soname,libone.so.1'];
    const other = ElfFile.open(compile(LIBRARY, { flags: [...flags, '-Wl,--build-id=0x3344'] }));
    const none = ElfFile.open(compile(LIBRARY, { flags: [...flags, '-Wl,--build-id=none'] }));
    const file = save('refused.types.json', text);
    const thrown = thrownBy(() => typesFileSource(file, new Library(other)));
    expect(thrown).toMatchObject({ name: 'PluginError', code: 'ERR_PLUGIN_TYPE' });
    expect(thrown.message).toBe(
      `types file ${file} is not for ${other.path}: it was made for the build-id 1122, and the library has 3344\n` +
        `make it again: elf-plugin types ${other.path} -o ${file}`,
    );
    expect(thrownBy(() => typesFileSource(file, new Library(none))).message).toMatch(
      /the library has none\n/,
    );
    // Without a build-id the soname decides.
    const any = save('any.types.json', makeTypesFile(library, { anyBuild: true }).text);
    expect(typesFileSource(any, new Library(other)).symbol(sum)).toHaveProperty('type');
    expect(typesFileSource(any, new Library(none)).symbol(sum)).toHaveProperty('type');
    const renamed = compile(LIBRARY, { flags: ['-g', '-shared', '-fPIC', '-Wl,-soname,libone.so.2'] });
    expect(thrownBy(() => typesFileSource(any, new Library(ElfFile.open(renamed)))).message).toMatch(
      /it was made for the soname libone.so.1, and the library has libone.so.2\n/,
    );
    const nameless = compile(LIBRARY, { flags: ['-g', '-shared', '-fPIC'] });
    expect(() => makeTypesFile(Library.open(nameless), { anyBuild: true })).toThrow(/has no soname/);
    const arm = { ...json(), target: { ...json().target, machine: 'EM_AARCH64' } };
    expect(() => open(arm)).toThrow(/whose machine is EM_AARCH64, not EM_X86_64/);
  });

  it('tells the command with the headers that it was made from', () => {
    const made = json();
    made.library['buildId'] = 'ff';
    made.source = { from: 'a.h', headers: ['a.h', './b c.h'], cflags: ['-DX="y z"', '-I.'] };
    const file = join(FOLDER, 'x.types.json');
    expect(thrownBy(() => open(made)).message).toContain(
      `make it again: elf-plugin types --header a.h --header './b c.h' '--cflags='\\''-DX="y z"'\\'' -I.' ${path} -o ${file}`,
    );
  });

  const HEADS: readonly (readonly [string, (j: Json) => unknown, RegExp])[] = [
    ['no JSON', () => '{ "format": ', /x\.types\.json: not JSON: /],
    ['another JSON', () => '[]', /not an object/],
    ['another format', (j) => ((j.format = 'x'), j), /not a types file: "format" is not "elf-plugin types"/],
    [
      'a newer version',
      (j) => ((j.version = 2), j),
      /version 2 of the types file; this elf-plugin reads version 1: update it, or make the file again/,
    ],
    ['no version', (j) => ((j.version = '1'), j), /x\.types\.json\.version: not a whole number/],
    ['no types', (j) => ({ ...j, types: {} }), /\.types: not an array/],
    [
      'a build-id that is none',
      (j) => ((j.library['buildId'] = 'xyz'), j),
      /\.library\.buildId: not lower-case hex/,
    ],
    [
      'headers that are none',
      (j) => ((j.source['headers'] = [1]), j),
      /\.source\.headers: not an array of strings/,
    ],
  ];
  it.each(HEADS)('%s is refused', (_, change, message) => {
    const thrown = thrownBy(() => open(change(json())));
    expect(thrown.code).toBe('ERR_FORMAT');
    expect(thrown.message).toMatch(message);
  });

  /** The types of `sum`, one of them replaced. */
  const TYPES: readonly (readonly [string, (types: Record<string, unknown>[], j: Json) => void, RegExp])[] = [
    [
      'an index outside',
      (t) => (first(t, 'function')['result'] = 9999),
      /types\[\d+\]\.result: not the number of a type: there are \d+/,
    ],
    ['an index that is none', (t) => (first(t, 'function')['result'] = 1.5), /not the number of a type/],
    ['an unknown kind', (t) => (first(t, 'struct')['kind'] = 'class'), /kind: no kind of type/],
    ['an odd size', (t) => (first(t, 'int')['size'] = 3), /size: not one of 1, 2, 4, 8, 16/],
    ['a negative size', (t) => (first(t, 'struct')['size'] = -8), /size: not a whole number from 0/],
    ['a huge offset', (t) => (members(t)[1]['offset'] = 2 ** 60), /offset: not a whole number from 0/],
    [
      'a member outside',
      (t) => (members(t)[1]['offset'] = 6),
      /members\[1\]: ends at 10, its 8 bytes large struct before/,
    ],
    [
      'a struct in itself',
      (t) => (members(t)[0]['type'] = t.findIndex((x) => x['tag'] === 'point')),
      /a type that contains itself/,
    ],
    [
      'a typedef of itself',
      (t) => (first(t, 'typedef')['target'] = t.findIndex((x) => x['kind'] === 'typedef')),
      /a type that contains itself/,
    ],
    [
      'a pointer to itself',
      (t) => (first(t, 'pointer')['target'] = t.findIndex((x) => x['kind'] === 'pointer')),
      /a type that contains itself/,
    ],
    [
      'an array larger than memory',
      (t) =>
        Object.assign(first(t, 'typedef'), {
          kind: 'array',
          element: t.findIndex((x) => x['kind'] === 'int'),
          length: 2 ** 52,
        }),
      /larger than memory|no kind/,
    ],
    [
      'an alignment that is none',
      (t) => (first(t, 'struct')['alignment'] = 3),
      /alignment: not a power of two/,
    ],
    [
      'a parameter that is none',
      (t) => (first(t, 'function')['parameters'] = [null]),
      /parameters\[0\]: not an object/,
    ],
    [
      'an enumerator that is none',
      (t) => (first(t, 'enum')['enumerators'] = [['A', 'x']]),
      /enumerators\[0\]: not an integer/,
    ],
    [
      'another format of floats',
      (t) => (first(t, 'float')['format'] = 'binary64 '),
      /format: none of binary16/,
    ],
    [
      'a compiler that is none',
      (t) => (first(t, 'function')['compiler'] = 'tcc 1'),
      /compiler: not gcc, clang or rustc/,
    ],
  ];
  it.each(TYPES)('%s is no type', (_, change) => {
    const wrong = json();
    change(wrong.types, wrong);
    const reasons = reasonsOf(open(wrong), library);
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.join('\n')).toMatch(TYPES.find(([name]) => name === _)?.[2] ?? /never/);
  });

  it('ends with parameters that double from level to level', () => {
    const wrong = json();
    const start = wrong.types.length;
    for (let i = 0; i < 60; i++) {
      const next = start + 2 * (i + 1);
      wrong.types.push({ kind: 'pointer', target: start + 2 * i + 1, size: 8 });
      wrong.types.push({
        kind: 'function',
        result: next,
        parameters: [{ type: next }, { type: next }],
        prototyped: true,
      });
    }
    wrong.types.push({ kind: 'int', name: 'int', size: 4, signed: true });
    wrong.symbols['sum'] = { type: start + 1 };
    expect(open(wrong).symbol(sum)).toMatchObject({
      reason: expect.stringMatching(/a type too long to be written/) as string,
    });
  });

  it('has names like those of Object.prototype', () => {
    const { type } = json().symbols['sum'] as { type: number };
    const entries = `"__proto__":{"type":${type}},"constructor":{"type":${type}},`;
    const odder = JSON.stringify(json()).replace('"symbols":{', `"symbols":{${entries}`);
    const source = open(odder.replace('"constants":{', '"constants":{"__proto__":{"int":1,"origin":"x"},'));
    for (const name of ['__proto__', 'constructor'])
      expect(source.symbol({ ...sum, name })).toHaveProperty('type');
    for (const name of ['toString', 'hasOwnProperty'])
      expect(source.symbol({ ...sum, name })).toHaveProperty('reason');
    expect(source.constants().get('__proto__')).toEqual([{ value: 1n, origin: 'x' }]);
    expect(source.typeNamed('struct', '__proto__')).toBeUndefined();
    expect(({} as Record<string, unknown>)['int']).toBeUndefined();
  });

  it('gives types or our errors, whatever it is changed to', () => {
    const next = random(20240301);
    const values = [
      0,
      1,
      5,
      -1,
      2 ** 53,
      1e300,
      1.5,
      null,
      true,
      'x',
      '',
      [],
      {},
      [0],
      '0x10',
      'struct',
      'pointer',
    ];
    for (let round = 0; round < 1500; round++) {
      const damaged = json();
      for (let i = next(4); i >= 0; i--) change(damaged, next, values);
      const start = performance.now();
      attempt(() => {
        const source = open(damaged);
        reasonsOf(source, library);
        attempt(() => source.typeNamed('struct', 'point'));
        attempt(() => source.constants());
      });
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });
});

function first(types: Record<string, unknown>[], kind: string): Record<string, unknown> {
  return types.find((t) => t['kind'] === kind) ?? {};
}

function members(types: Record<string, unknown>[]): [Record<string, unknown>, Record<string, unknown>] {
  return types.find((t) => t['tag'] === 'point')?.['members'] as never;
}

/** Why what the library exports has no type, and what goes wrong in looking at those it has. */
function reasonsOf(source: TypeSource, library: Library): string[] {
  const reasons: string[] = [];
  for (const elf of library.symbols.exported()) {
    const kind = elf.name === 'sum' ? 'function' : 'variable';
    const found = source.symbol({ name: elf.name, kind, address: elf.value });
    if ('reason' in found) reasons.push(found.reason);
    else visit(found.type, new Set(), reasons);
  }
  return reasons;
}

/** Looks at everything that a type leads to. */
function visit(type: CType, seen: Set<unknown>, reasons: string[]): void {
  if (seen.has(type) || seen.size > 500) return;
  seen.add(type);
  attempt(() => printDefinition(type), reasons);
  for (const key of Object.keys(type)) {
    const value = attempt(() => (type as unknown as Record<string, unknown>)[key], reasons);
    for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof part !== 'object' || part === null) continue;
      const inner = 'type' in part ? part.type : part;
      if (typeof inner === 'object' && inner !== null && 'kind' in inner)
        visit(inner as CType, seen, reasons);
    }
  }
}

/** Only our own errors may come out. */
function attempt<T>(action: () => T, reasons: string[] = []): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!isPluginError(error)) throw error;
    reasons.push(error.message);
    return undefined;
  }
}

/** Replaces a value anywhere in `json`. */
function change(json: unknown, next: (below: number) => number, values: readonly unknown[]): void {
  let at = json as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[next(Math.max(keys.length, 1))];
    if (key === undefined) return;
    const inner = at[key];
    if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && next(8) > 0) {
      at = inner as Record<string, unknown>;
      continue;
    }
    if (next(6) === 0) Reflect.deleteProperty(at, key);
    else at[key] = typeof inner === 'number' && next(2) === 0 ? next(30) : values[next(values.length)];
    return;
  }
}

/** A small generator, so that a failure can be repeated (Park and Miller). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
}

it('a types file that nests without end is refused before it takes memory', () => {
  for (const part of ['[', '{"a":', '[{"[":']) {
    expect(() => new TypesFileReader(part.repeat(200), 'x.json')).toThrow('nested more than 100 deep');
  }
  expect(() => new TypesFileReader(`{"\\"${'['.repeat(200)}":1}`, 'x.json')).toThrow('not a types file');
});
