import { existsSync } from 'node:fs';

import { bare, type CType, type RecordType } from '../ctypes/model.js';
import { findLibrary } from '../elf/search.js';
import { installedDebugFile } from '../testing/debug-file.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { askGdb, asGdb, plain } from '../testing/gdb.js';
import { describeWith } from '../testing/tools.js';

/** Libraries of Debian whose separate debug info went through dwz, and the functions that each exports at the least. */
const LIBRARIES = [
  ['liblua5.4.so.0', 'liblua5.4-0-dbg', 153],
  ['libkrb5.so.3', 'libkrb5-dbg', 641],
  ['libgssapi_krb5.so.2', 'libkrb5-dbg', 107],
  ['libk5crypto.so.3', 'libkrb5-dbg', 94],
  ['libkrb5support.so.0', 'libkrb5-dbg', 90],
] as const;

/** Two sources of libkrb5support have one each, of which gdb takes either. */
const AMBIGUOUS: readonly string[] = ['struct entry'];

/** Structs with a name and a definition that a type leads to. */
function collectRecords(type: CType, found: Map<string, RecordType>, depth = 0): void {
  const at = bare(type);
  if (depth > 8) return;
  if (at.kind === 'pointer') collectRecords(at.target, found, depth + 1);
  else if (at.kind === 'array') collectRecords(at.element, found, depth + 1);
  else if (at.kind === 'function') {
    for (const part of [at.result, ...at.parameters.map((p) => p.type)])
      collectRecords(part, found, depth + 1);
  } else if ((at.kind === 'struct' || at.kind === 'union') && at.tag !== undefined) {
    const name = `${at.kind} ${at.tag}`;
    if (found.has(name) || at.size === undefined || AMBIGUOUS.includes(name)) return;
    found.set(name, at);
    for (const member of at.members) collectRecords(member.type, found, depth + 1);
  }
}

for (const [library, debugPackage, functions] of LIBRARIES) {
  const debug = installedDebugFile(findLibrary(library));
  if (!existsSync(debug)) console.warn(`${library}: ${debugPackage} is not installed`);
  describeWith(['gdb', debug], library, () => {
    let file: DwarfFile;
    let path: string;
    beforeAll(() => {
      path = findLibrary(library) ?? '';
      file = new DwarfFile(path, debug);
    });

    it('has a type for every symbol, and gives each function the type that gdb gives it', () => {
      const names = [...file.symbols.keys()];
      const functionNames = names.filter((name) => file.query(name).kind === 'function');
      expect(functionNames.length).toBeGreaterThanOrEqual(functions);
      const answers = askGdb(
        path,
        functionNames.map((name) => `whatis '${name}'`),
      );
      // gdb does not find what gcc made one with another function.
      const known = functionNames.flatMap((name, i) =>
        answers[i]?.includes('no debug info') ? [] : [{ name, answer: answers[i] ?? '' }],
      );
      expect(known.length).toBeGreaterThanOrEqual(functions * 0.99);
      const ours = known.map(({ name }) => `${name}: ${asGdb(file.typed(name).type)}`);
      expect(ours).toEqual(
        known.map(({ name, answer }) => `${name}: ${plain(answer.replace(/^type = /, ''))}`),
      );
      for (const name of names) expect(file.print(name)).not.toContain('no type');
    });

    it('lays out structs as gdb does, by whatever way they are found', () => {
      const records = new Map<string, RecordType>();
      for (const name of file.symbols.keys()) collectRecords(file.typed(name).type, records);
      expect(records.size).toBeGreaterThan(5);
      const wanted = [...records].flatMap(([name, record]) => {
        const [keyword, tag] = name.split(' ') as ['struct' | 'union', string];
        const byName = file.info.typeNamed(keyword, tag);
        const members = record.members.filter((m) => m.name !== undefined && m.bitSize === undefined);
        return [
          [`print sizeof(${name})`, byName?.kind === keyword ? byName.size : byName?.kind],
          [`print sizeof(${name})`, record.size],
          ...members.map((m) => [`print (long)&((${name} *)0)->${m.name ?? ''}`, m.offset] as const),
        ] as const;
      });
      const answers = askGdb(
        path,
        wanted.map(([command]) => command),
      );
      const theirs = wanted.map(
        ([command], i) => `${command}: ${answers[i]?.replace(/^\$\d+ = /, '') ?? ''}`,
      );
      expect(wanted.map(([command, value]) => `${command}: ${value ?? ''}`)).toEqual(theirs);
    });

    it('gives enumerators the values that gdb gives them', () => {
      const constants = [...file.info.constants()].filter(([, values]) => values.length === 1);
      expect(constants.length).toBeGreaterThan(10);
      const answers = askGdb(
        path,
        constants.map(([name]) => `print/d ${name}`),
      );
      const theirs = constants.map(([name], i) => `${name}: ${answers[i]?.replace(/^\$\d+ = /, '') ?? ''}`);
      expect(constants.map(([name, values]) => `${name}: ${values[0]?.value ?? ''}`)).toEqual(theirs);
    });
  });
}
