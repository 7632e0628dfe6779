import { existsSync } from 'node:fs';

import { compile, describeWith, FIXTURES, run } from '../testing/tools.js';
import { nameOf, PT, SHT, STB, STT, STV } from './constants.js';
import { readDynamic } from './dynamic.js';
import { ElfFile } from './file.js';
import { buildId } from './note.js';
import { findLibrary } from './search.js';
import { DynamicSymbols, type ElfSymbol } from './symbol.js';
import { readVersions } from './version.js';

/** What other programs wrote and readelf reads: libraries of the system, 32-bit ones among them, and our own. */
function files(): string[] {
  const script = `-Wl,--version-script=${FIXTURES}/elf/symbols.map`;
  const system = ['c', 'm', 'z', 'stdc++', 'gcc_s', 'python3.11d', 'ssl'].flatMap(
    (n) => findLibrary(n) ?? [],
  );
  const others = ['/lib32/libc.so.6', '/lib32/libstdc++.so.6', process.execPath].filter((p) => existsSync(p));
  return [...system, ...others, compile('elf/symbols.c', { flags: ['-g', '-shared', '-fPIC', script] })];
}

const readelf = (option: string, path: string): string =>
  run('readelf', ['-W', option, path], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });

/** readelf prints other characters as the locale has them, or not. */
const ascii = (text: string): string => text.replaceAll(/[^ -~]+/g, '?');

const hex = (text = ''): number => parseInt(text, 16);

/** As readelf prints a symbol, with its columns joined by one space. `own` are the versions that the file defines. */
function printSymbol(symbol: ElfSymbol, own: ReadonlySet<string>): string {
  const { index, name, value, size, type, binding, visibility, shndx, version, absolute } = symbol;
  const place = shndx === 0 ? 'UND' : absolute ? 'ABS' : shndx;
  // A version's own mark is printed without the version. A copy-relocated variable has the version of the original.
  const isDefault = symbol.defined && !symbol.hiddenVersion && own.has(version ?? '');
  const suffix =
    version === undefined || (absolute && version === name) ? '' : `${isDefault ? '@@' : '@'}${version}`;
  const typeName = nameOf(STT, type).replace('GNU_', '');
  const bindingName = nameOf(STB, binding).replace('GNU_', '');
  const sizeText = size < 100000 ? size : `0x${size.toString(16)}`;
  const columns = [sizeText, typeName, bindingName, nameOf(STV, visibility), place, name + suffix];
  return ascii(`${index}: ${value.toString(16)} ${columns.join(' ')}`);
}

describeWith(['readelf', 'gcc'], 'readelf agrees', () => {
  it.each(files())('about %s', (path) => {
    using file = ElfFile.open(path);

    const header = readelf('-h', path);
    expect(header).toMatch(new RegExp(`Class: +ELF${file.header.class}`));
    expect(header).toMatch(new RegExp(`Entry point address: +0x${file.header.entry.toString(16)}\n`));
    expect(header).toMatch(new RegExp(`Flags: +0x${file.header.flags.toString(16)}\\b`));

    const segments = readelf('-l', path).matchAll(
      /^ {2}([A-Z_]+) +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x(\w+) ([R ][W ][E ]) (\w+)/gm,
    );
    expect(
      file.programHeaders.map((p) => {
        const flags = [p.flags & 4 ? 'R' : ' ', p.flags & 2 ? 'W' : ' ', p.flags & 1 ? 'E' : ' '].join('');
        return [nameOf(PT, p.type), p.offset, p.address, p.fileSize, p.memorySize, flags, p.align];
      }),
    ).toEqual(
      [...segments].map(([, type, offset, address, fileSize, memorySize, flags, align]) => [
        type,
        hex(offset),
        BigInt(`0x${address ?? ''}`),
        hex(fileSize),
        hex(memorySize),
        flags,
        BigInt(align ?? 0),
      ]),
    );

    const sections = readelf('-S', path).matchAll(
      /^ +\[ *(\d+)\] (\S*) +([A-Z_]+) +(\w+) (\w+) (\w+) (\w+) +[A-Za-z]* +(\d+) +(\d+) +(\d+)$/gm,
    );
    expect(
      file.sections.map((s) => [
        s.index,
        s.name,
        s.address,
        s.offset,
        s.size,
        s.entrySize,
        s.link,
        s.info,
        s.align,
      ]),
    ).toEqual(
      [...sections].map(([, index, name, , address, offset, size, entry, link, info, align]) => [
        Number(index),
        name,
        BigInt(`0x${address ?? ''}`),
        hex(offset),
        hex(size),
        hex(entry),
        Number(link),
        Number(info),
        Number(align),
      ]),
    );
    expect(file.sections.some((s) => s.type === SHT.DYNSYM)).toBe(true);

    const dynamic = readDynamic(file);
    const printed = readelf('-d', path);
    const strings = (tag: string): string[] =>
      [...printed.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*)\\]$`, 'gm'))].map((m) => m[1] ?? '');
    expect(dynamic?.needed).toEqual(strings('NEEDED'));
    expect([dynamic?.soname]).toEqual([strings('SONAME')[0]]);
    expect([dynamic?.runpath]).toEqual([strings('RUNPATH')[0]]);

    const id = /Build ID: (\w+)/.exec(readelf('-n', path))?.[1];
    expect(buildId(file)).toBe(id);

    const symbols = DynamicSymbols.of(file);
    const lines = readelf('--dyn-syms', path).matchAll(/^ +(\d+): 0*(\w+) +(\w+ .*?)(?: \(\d+\))?$/gm);
    const own = dynamic ? readVersions(file, dynamic).nodes : new Set<string>();
    expect([...symbols].map((s) => printSymbol(s, own))).toEqual(
      [...lines]
        .slice(1)
        .map(([, index, value, rest]) =>
          ascii(`${index ?? ''}: ${value ?? ''} ${(rest ?? '').replaceAll(/ +/g, ' ')}`),
        ),
    );
    const lost = [...symbols.exported()].filter(({ name, version, hiddenVersion }) => {
      const full = version === undefined ? name : `${name}${hiddenVersion ? '@' : '@@'}${version}`;
      return symbols.lookup(full)?.name !== name;
    });
    expect(lost).toEqual([]);

    const versions = readelf('-V', path);
    const needs = [...versions.matchAll(/Name: (\S+) +Flags: .* Version: (\d+)$/gm)];
    const defined = [...versions.matchAll(/Flags: none +Index: (\d+) .*Name: (\S+)$/gm)];
    const ours = dynamic ? readVersions(file, dynamic).byIndex : new Map<number, { name: string }>();
    expect([...ours].map(([index, { name }]) => `${index} ${name}`).sort()).toEqual(
      [
        ...needs.map((m) => `${m[2] ?? ''} ${m[1] ?? ''}`),
        ...defined.map((m) => `${m[1] ?? ''} ${m[2] ?? ''}`),
      ].sort(),
    );
  });
});
