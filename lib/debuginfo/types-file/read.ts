import {
  TYPE_KEYWORDS,
  type Absent,
  type ConstantValue,
  type ConstantValues,
  type SymbolQuery,
  type TypeKeyword,
  type TypeName,
  type TypedSymbol,
} from '../../ctypes/type-source.js';
import { bare, type CType } from '../../ctypes/model.js';
import { FormatError } from '../../errors.js';
import { bigintOf, fail, Fields } from './fields.js';
import { FORMAT, VERSION, type LibraryIdentity, type Origin, type Target } from './format.js';
import { TypeTable } from './types.js';

/** A types file. Its head is checked at once, types, symbols and constants when they are asked for. */
export class TypesFileReader {
  readonly library: LibraryIdentity;
  readonly origin: Origin;
  readonly target: Target;
  readonly #path: string;
  readonly #symbols: Fields;
  readonly #names: Fields;
  readonly #constants: Fields;
  readonly #types: TypeTable;

  /** `text` is the file's, `path` its name in errors. Throws a `FormatError` if it is no types file, or one of a version that is not known here. */
  constructor(text: string, path: string) {
    const file = new Fields(parse(text, path), path);
    if (file.get('format') !== FORMAT) fail(path, `not a types file: "format" is not "${FORMAT}"`);
    const version = file.count('version');
    if (version !== VERSION)
      fail(
        path,
        `version ${version} of the types file; this elf-plugin reads version ${VERSION}: update it, or make the file again`,
      );
    this.#path = path;
    this.library = identityOf(file.child('library'));
    this.origin = originOf(file.child('source'));
    this.target = targetOf(file.child('target'));
    this.#types = new TypeTable(file.array('types'), `${path}.types`);
    this.#symbols = file.child('symbols');
    this.#names = file.child('names');
    this.#constants = file.child('constants');
  }

  /** What the file says of a symbol that is wrong is an absent type, with the reason. */
  symbol(query: SymbolQuery): TypedSymbol | Absent {
    try {
      const entry = this.#entry(query);
      if (entry === undefined) return { reason: `it is not in ${this.#path}, made from ${this.origin.from}` };
      return this.#typed(entry, query.kind === 'function' || query.kind === 'ifunc');
    } catch (error) {
      if (error instanceof FormatError) return { reason: error.message };
      throw error;
    }
  }

  typeNamed(keyword: TypeKeyword, name: string): CType | undefined {
    if (!this.#names.has(keyword)) return undefined;
    const names = this.#names.child(keyword);
    if (!names.has(name)) return undefined;
    const type = this.#types.at(names, name);
    const found = type.kind === 'typedef' ? type.name : 'tag' in type ? type.tag : undefined;
    if (type.kind !== keyword || found !== name) names.fail(name, `not ${keyword} ${name}`);
    return type;
  }

  *typeNames(): Generator<TypeName> {
    for (const keyword of TYPE_KEYWORDS) {
      if (!this.#names.has(keyword)) continue;
      for (const name of this.#names.child(keyword).keys()) yield { keyword, name };
    }
  }

  constants(): ConstantValues {
    const all = new Map<string, ConstantValue[]>();
    for (const name of this.#constants.keys()) all.set(name, oneOrAll(this.#constants, name).map(constantOf));
    return all;
  }

  /** With addresses, that of the symbol. */
  #entry({ name, address }: SymbolQuery): Fields | undefined {
    if (!this.#symbols.has(name)) return undefined;
    const entries = oneOrAll(this.#symbols, name);
    return entries.find((entry) => {
      const at = entry.optional('address', (key) => entry.string(key));
      return at === undefined || (address !== undefined && at === `0x${address.toString(16)}`);
    });
  }

  #typed(entry: Fields, isFunction: boolean): TypedSymbol {
    const type = this.#types.at(entry, 'type');
    const function_ = bare(type);
    if (isFunction !== (function_.kind === 'function'))
      entry.fail(
        'type',
        `${isFunction ? 'not ' : ''}a function's, as the symbol is${isFunction ? '' : ' not'}`,
      );
    const declared = entry.optional('declared', (key) => entry.string(key));
    const colon = declared?.lastIndexOf(':') ?? -1;
    const line = Number(declared?.slice(colon + 1));
    return {
      type: isFunction ? function_ : type,
      language: undefined,
      declFile: colon < 0 ? undefined : declared?.slice(0, colon),
      declLine: colon < 0 || !(line > 0) ? undefined : line,
    };
  }
}

/** Objects and arrays within each other; a types file has eight. What nests without end would take a hundred bytes for each. */
const MAX_DEPTH = 100;

function checkDepth(text: string, path: string): void {
  let [depth, inString] = [0, false];
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) inString = !inString;
    else if (inString) at += char === BACKSLASH ? 1 : 0;
    // Brackets and braces are one bit apart.
    else if ((char | 0x20) === OPEN) {
      if (++depth > MAX_DEPTH) fail(path, `nested more than ${MAX_DEPTH} deep`);
    } else if ((char | 0x20) === CLOSE) depth--;
  }
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

function parse(text: string, path: string): unknown {
  checkDepth(text, path);
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(path, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function identityOf(library: Fields): LibraryIdentity {
  const buildId = library.optional('buildId', (key) => library.string(key));
  if (buildId !== undefined && !/^([\da-f]{2})+$/.test(buildId))
    library.fail('buildId', 'not lower-case hex');
  return { soname: library.optional('soname', (key) => library.string(key)), buildId };
}

function originOf(source: Fields): Origin {
  return {
    from: source.string('from'),
    headers: source.optional('headers', (key) => strings(source, key)),
    cflags: source.optional('cflags', (key) => strings(source, key)),
    compiler: source.optional('compiler', (key) => source.string(key)),
  };
}

function targetOf(target: Fields): Target {
  return {
    machine: target.string('machine'),
    addressSize: target.count('addressSize', 8),
    littleEndian: target.boolean('littleEndian'),
  };
}

function strings(holder: Fields, key: string): string[] {
  return holder
    .array(key)
    .map((v) => (typeof v === 'string' ? v : holder.fail(key, 'not an array of strings')));
}

/** What stands under `key`: one object, or an array of several. */
function oneOrAll(holder: Fields, key: string): Fields[] {
  const value = holder.get(key);
  const place = `${holder.place}.${key}`;
  return Array.isArray(value)
    ? value.map((item, i) => new Fields(item, `${place}[${i}]`))
    : [new Fields(value, place)];
}

function constantOf(entry: Fields): ConstantValue {
  const origin = entry.string('origin');
  if (entry.has('int')) return { value: bigintOf(entry.get('int'), `${entry.place}.int`), origin };
  if (entry.has('text')) return { value: entry.string('text'), origin };
  const value = entry.get('float');
  if (typeof value === 'number') return { value, origin };
  const special: Readonly<Record<string, number>> = { inf: Infinity, '-inf': -Infinity, nan: NaN, '-0': -0 };
  const named = typeof value === 'string' && Object.hasOwn(special, value) ? special[value] : undefined;
  return { value: named ?? entry.fail('float', 'no number'), origin };
}
