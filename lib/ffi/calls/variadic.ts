import { bare, copyOf, type CType, type FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { PluginError, rangeError, typeError } from '../../errors.js';
import { describe } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { isRecordView } from '../values/record.js';
import { bindCall, type BoundCall } from './bind.js';
import { CValue } from './c-value.js';
import { Callback } from './callback.js';
import { sourceOf, type FunctionSource } from './source.js';

const integer = (name: string, size: number, signed: boolean): CType => ({
  kind: 'int',
  name,
  size,
  signed,
  text: false,
});

const INT = integer('int', 4, true);
const LONG_LONG = integer('long long', 8, true);
const UNSIGNED_LONG_LONG = integer('unsigned long long', 8, false);
const DOUBLE: CType = { kind: 'float', name: 'double', size: 8, format: 'binary64' };
const pointerTo = (target: CType): CType => ({
  kind: 'pointer',
  target: { kind: 'qualified', qualifier: 'const', target },
  size: 8,
});
const TEXT = pointerTo({ kind: 'int', name: 'char', size: 1, signed: true, text: true });
const POINTER = pointerTo({ kind: 'void' });

/** An argument behind the named ones. */
interface Promoted {
  readonly type: CType;
  /** The same for types that are passed alike. */
  readonly key: string;
  readonly value: unknown;
}

/** Where a variadic call is not one of a function with these very parameters: RISC-V psABI "Hardware Floating-point Calling Convention"; LoongArch psABI "Variadic arguments". */
const IN_INTEGER_REGISTERS: readonly NodeJS.Architecture[] = ['riscv64', 'loong64'];

/** How many kinds of argument lists of one function are remembered. */
const REMEMBERED = 64;

/**
 * The calls of one variadic function: to the callee they look like those of a function with these very parameters (psABI x86-64 §3.2.3; koffi sets
 * %al for all), so that there is one for each list of types that it was called with.
 */
export class VariadicCalls {
  readonly #source: FunctionSource;
  readonly #values: Values;
  readonly #bound = new Map<string, BoundCall>();

  constructor(source: FunctionSource, values: Values) {
    this.#source = source;
    this.#values = values;
  }

  /** The call for these arguments, and the arguments. */
  prepare(args: readonly unknown[]): { call: BoundCall; args: readonly unknown[] } {
    const type = this.#source.type();
    const named = type.parameters.length;
    const promoted = args.slice(named).map((value, i) => promote(value, this.#what(type, named + i)));
    const key = promoted.map((p) => p.key).join();
    let call = this.#bound.get(key);
    if (call === undefined) {
      if (IN_INTEGER_REGISTERS.includes(process.arch) && promoted.some((p) => bare(p.type).kind === 'float'))
        this.#refuse(type);
      const parameters = type.parameters.concat(promoted.map((p) => ({ name: undefined, type: p.type })));
      call = bindCall(this.#source, this.#values, { ...copyOf(type), parameters, variadic: false });
      if (this.#bound.size >= REMEMBERED) this.#bound.clear();
      this.#bound.set(key, call);
    }
    return { call, args: args.slice(0, named).concat(promoted.map((p) => p.value)) };
  }

  #refuse(type: FunctionType): never {
    const { name } = this.#source;
    const reason = `${print(type, name)}: a variadic double goes in an integer register on ${process.arch}, which koffi does not fill with one`;
    throw new PluginError('ERR_PLUGIN_UNSUPPORTED', reason, { symbol: name });
  }

  #what(type: FunctionType, index: number): string {
    return `${print(type, this.#source.name)}: argument ${index + 1}`;
  }
}

/** What C's default argument promotions make of a value (C17 §6.5.2.2p6): its JavaScript type stands for a C type, unless `cast` says which. */
function promote(value: unknown, what: string): Promoted {
  switch (typeof value) {
    case 'boolean':
      return { type: INT, key: 'i', value: Number(value) };
    case 'number':
      if ((value | 0) === value) return { type: INT, key: 'i', value };
      return Number.isSafeInteger(value)
        ? { type: LONG_LONG, key: 'q', value }
        : { type: DOUBLE, key: 'd', value };
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return { type: LONG_LONG, key: 'q', value };
      if (BigInt.asUintN(64, value) === value) return { type: UNSIGNED_LONG_LONG, key: 'u', value };
      throw rangeError(`${what}: ${value} does not fit 64 bits`);
    case 'string':
      return { type: TEXT, key: 's', value };
    case 'function': {
      const source = sourceOf(value);
      if (source !== undefined) return { type: UNSIGNED_LONG_LONG, key: 'u', value: source.address };
      throw typeError(
        'ERR_INVALID_ARG_TYPE',
        `${what}: C can't call ${describe(value)} here: make a callback(fn, type) of it`,
      );
    }
    case 'object':
      if (value instanceof CValue) return cast(value, what);
      if (value instanceof Callback) return { type: UNSIGNED_LONG_LONG, key: 'u', value: value.address };
      if (!isRecordView(value)) return { type: POINTER, key: 'p', value };
      throw typeError(
        'ERR_INVALID_ARG_TYPE',
        `${what}: a struct goes by value as cast(type, view), by pointer as addressOf(view)`,
      );
    default:
      throw typeError('ERR_INVALID_ARG_TYPE', `${what}: there is no C type for ${describe(value)}`);
  }
}

const recordKeys = new WeakMap<CType, string>();
let records = 0;

function cast({ type: { ctype }, value }: CValue, what: string): Promoted {
  const t = bare(ctype);
  switch (t.kind) {
    case 'bool':
      return { type: INT, key: 'i', value: Number(value) };
    case 'int':
    case 'enum': {
      const size = t.size ?? 4;
      if (size < 4) return { type: INT, key: 'i', value };
      return { type: ctype, key: `${t.signed ? 'i' : 'u'}${size}`, value };
    }
    case 'float':
      return t.format === 'binary32'
        ? { type: DOUBLE, key: 'd', value }
        : { type: ctype, key: t.format, value };
    case 'complex':
      return { type: ctype, key: `c${t.format}`, value };
    case 'struct':
    case 'union': {
      let key = recordKeys.get(t);
      if (key === undefined) recordKeys.set(t, (key = `r${records++}`));
      return { type: ctype, key, value };
    }
    default:
      throw typeError('ERR_INVALID_ARG_TYPE', `${what}: ${print(ctype)} can't be passed`);
  }
}
