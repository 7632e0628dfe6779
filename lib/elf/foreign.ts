import { isUtf8 } from 'node:buffer';

import type { ByteSource } from '../bytes/source.js';

/** How much of a file is looked at: enough for the comment that precedes `GROUP (` in a linker script. */
const HEAD = 4096;

/**
 * What a file that is not ELF is, and what to do about it, in one line; undefined if it is nothing we know.
 */
export function describeForeign(source: ByteSource): string | undefined {
  const head = Buffer.from(source.read(0, Math.min(HEAD, source.size)));
  const text = head.toString('latin1');
  const magic = MAGICS.find(([start]) => text.startsWith(start));
  if (magic) return magic[1];
  if (text.startsWith('#!')) return `it is a script, for ${text.slice(2).split('\n')[0]?.trim() ?? ''}`;
  if (/\b(?:GROUP|INPUT)\s*\(/.test(text)) return describeLinkerScript(text);
  const isText = isUtf8(head) && head.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13));
  return isText && head.length > 0 ? 'it is a text file' : undefined;
}

const MAGICS: readonly (readonly [start: string, description: string])[] = [
  [
    '!<arch>\n',
    'it is a static library; make a shared one of it (its code must be compiled with -fPIC): ' +
      'gcc -shared -o LIB.so -Wl,--whole-archive LIB.a -Wl,--no-whole-archive',
  ],
  ['!<thin>\n', 'it is a thin static library, a list of object files; link those with gcc -shared'],
  ['MZ', 'it is a Windows program or DLL'],
  ['\xcf\xfa\xed\xfe', 'it is a macOS program or library'],
  ['\xca\xfe\xba\xbe', 'it is a macOS universal binary or a Java class'],
  ['\0asm', 'it is a WebAssembly module'],
  ['BC\xc0\xde', 'it is LLVM bitcode; compile it without -emit-llvm'],
  ['\x1f\x8b', 'it is compressed with gzip'],
];

/** `libc.so` and `libm.so` of a development package are such: text that tells the linker which files to take. */
function describeLinkerScript(text: string): string {
  const commands = text.replace(/\/\*.*?\*\//gs, '');
  const library = /[^\s()]+\.so(?:\.[\w.]+)?(?=[\s)])/.exec(commands)?.[0];
  const what = 'it is a linker script, which only a linker reads';
  return library === undefined ? what : `${what}; open the library that it names: ${library}`;
}
