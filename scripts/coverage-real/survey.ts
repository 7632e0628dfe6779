import type { CType, FunctionType } from '../../lib/ctypes/model.js';
import { print } from '../../lib/ctypes/print.js';
import { messageOf } from '../../lib/errors.js';
import { createCallables, functionAddress } from '../../lib/ffi/calls/function.js';
import { bindCall } from '../../lib/ffi/calls/bind.js';
import { createValues } from '../../lib/ffi/values/factory.js';
import type { Values } from '../../lib/ffi/values/codec.js';
import type { Library, LibrarySymbol } from '../../lib/library/library.js';

/** A symbol that has a type. */
export interface Typed extends LibrarySymbol {
  readonly type: CType;
}

/** The names of symbols, by what is said of them. */
export type ByReason = ReadonlyMap<string, readonly string[]>;

/** What a library exports, and what is known of it. */
export interface Survey {
  readonly source: string;
  /** Of each kind: how many have a type, of how many. */
  readonly kinds: ReadonlyMap<string, { readonly typed: number; readonly all: number }>;
  readonly typed: readonly Typed[];
  readonly untyped: ByReason;
  /** Functions that have a type and can be called. */
  readonly callable: number;
  /** Those that have a type and are refused. */
  readonly refused: ByReason;
}

export function survey(library: Library): Survey {
  const kinds = new Map<string, { typed: number; all: number }>();
  const typed: Typed[] = [];
  const untyped = new Map<string, string[]>();
  const refused = new Map<string, string[]>();
  const values = valuesOf(library);
  let callable = 0;
  for (const elf of library.symbols.exported()) {
    const symbol = library.typed(elf);
    const count = kinds.get(symbol.kind) ?? { typed: 0, all: 0 };
    kinds.set(symbol.kind, count);
    count.all++;
    if (!isTyped(symbol)) {
      add(untyped, untypedReason(symbol), elf.name);
      continue;
    }
    count.typed++;
    typed.push(symbol);
    if (symbol.type.kind !== 'function') continue;
    const reason = refusal(elf.name, symbol.type, values);
    if (reason === undefined) callable++;
    else add(refused, reason, elf.name);
  }
  return { source: library.debugInfo.source ?? 'nowhere', kinds, typed, untyped, callable, refused };
}

function isTyped(symbol: LibrarySymbol): symbol is Typed {
  return symbol.type !== undefined;
}

function add(map: Map<string, string[]>, reason: string, name: string): void {
  const names = map.get(reason);
  if (names === undefined) map.set(reason, [name]);
  else names.push(name);
}

/** Without what is of this one symbol only. */
function untypedReason({ elf, reason = 'no reason is given' }: LibrarySymbol): string {
  const [first = ''] = reason.split('\n');
  return first
    .replaceAll(elf.name, 'it')
    .replace(/^the debug info gives .*/, 'the debug info gives a type of another size')
    .replace(/^types file .*, made from (.*)$/, '$1 does not declare it');
}

/** What a library's functions are bound with. It is not loaded: nothing is called. */
function valuesOf(library: Library): Values {
  return createValues({
    int64: 'bigint',
    parse: (declaration) => library.parse(declaration),
    callable: createCallables(),
    functionAddress,
  });
}

/** Why a function of that type is not called; undefined if it is. */
function refusal(name: string, type: FunctionType, values: Values): string | undefined {
  try {
    // Any address will do that is not null: it is bound as `lookup` binds it, and never called.
    bindCall({ name, address: 1n, isCode: true, type: () => type }, values);
    return undefined;
  } catch (error) {
    const [first = ''] = messageOf(error).split('\n');
    return first
      .replace(`${print(type, name)}: `, '')
      .replace(/^(?:the result|parameter \d+): /, '')
      .replace(
        /^.* is a class that C\+\+ passes by reference.*/,
        'a class by value that C++ passes by reference',
      )
      .replace(/^.* has a hole/, 'a value has a hole');
  }
}
