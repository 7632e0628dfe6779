import { findLibrary } from '../../lib/elf/search.js';

/** A library of Debian, and what has to be known of it. */
export interface RealLibrary {
  /** How the system's loader calls it, or its path. */
  readonly name: string;
  /** The package with its types. */
  readonly from: string;
  /** Functions that have a type, at the least: those of Debian 12, whose updates only ever add some. With a header, variables count, too. */
  readonly typed: number;
  /** What declares it, where the types are not from debug info. */
  readonly header?: string;
  /** Whether gdb spells its types as C++. */
  readonly cxx?: boolean;
  /** What declares its functions that are written in assembler. */
  readonly assemblerHeaders?: readonly string[];
  /** Where others say something else, and why that is no mistake of ours. */
  readonly known?: readonly { readonly symbols: RegExp; readonly why: string }[];
}

const DECLARATION = 'gdb takes a declaration of another unit, not the definition';

export const LIBRARIES: readonly RealLibrary[] = [
  {
    name: 'libc.so.6',
    from: 'libc6-dbg',
    typed: 2599,
    assemblerHeaders: ['sched.h', 'setjmp.h', 'sys/mman.h', 'sys/socket.h', 'sys/utsname.h', 'unistd.h'],
    known: [{ symbols: /^__getpgid$/, why: 'unistd.h says __pid_t, libc itself pid_t' }],
  },
  { name: 'libgsl.so.27', from: 'libgsl-dbg', typed: 5254 },
  { name: 'libpython3.11d.so.1.0', from: 'libpython3.11-dbg', typed: 1474 },
  { name: 'liblua5.4.so.0', from: 'liblua5.4-0-dbg', typed: 153 },
  {
    name: 'libkrb5.so.3',
    from: 'libkrb5-dbg',
    typed: 641,
    known: [{ symbols: /^krb5_ktf_(?:writable_)?ops$/, why: `${DECLARATION}, by a typedef of the struct` }],
  },
  {
    name: '/usr/lib/x86_64-linux-gnu/debug/libstdc++.so.6',
    from: 'libstdc++6-12-dbg',
    typed: 4817,
    cxx: true,
    known: [
      {
        symbols: /^_ZSt\d(?:w?c(?:in|out|err|log))$/,
        why: `${DECLARATION}, which is bytes (libstdc++, globals_io.cc)`,
      },
      {
        symbols: /^_ZSt1\d(?:adopt_lock|defer_lock|try_to_lock)$/,
        why: `${DECLARATION}, which is not const and has another name (libstdc++, compatibility-thread-c++0x.cc)`,
      },
      {
        symbols: /^_ZSt15future_category$/,
        why: 'gdb takes the function that has the name of the variable',
      },
      {
        symbols: /(?:basic_[io]?fstream|istreambuf_iterator)I[cw].*(?:is_open|pp)Ev$/,
        why: 'at the address is one that has another name (basic_ifstreamXX: libstdc++, compatibility.cc)',
      },
    ],
  },
  {
    name: 'libsqlite3.so.0',
    from: 'libsqlite3-dev',
    header: 'sqlite3.h',
    typed: 277,
    known: [
      {
        symbols: /^sqlite3_version$/,
        why: 'the header leaves the length of the array to the symbol (st_size)',
      },
    ],
  },
  { name: 'libz.so.1', from: 'zlib1g-dev', header: 'zlib.h', typed: 81 },
];

/** Where it is; undefined if it is not installed. */
export function pathOf({ name }: RealLibrary): string | undefined {
  return name.includes('/') ? name : findLibrary(name);
}
