import { sizeOf } from '../../ctypes/layout.js';
import {
  bare,
  isQualified,
  constOf,
  type CType,
  type FunctionType,
  type RecordType,
  type UnsupportedType,
} from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { PluginError, typeError } from '../../errors.js';
import { wrongKind } from './check.js';
import type { CFunction, Codec, PointerMaker, Values } from './codec.js';
import { integerCodec } from './integer.js';
import { pointerCodec } from './pointer-codec.js';
import { Pointer } from './pointer.js';

/** Loaded when a type asks for them: what takes numbers and pointers needs none. */
const array = () => require('./array.js') as typeof import('./array.js');
const float = () => require('./float.js') as typeof import('./float.js');
let numberPointers: typeof import('./number-pointer.js') | undefined;
/** Remembered, as pointers are made in loops. */
const numberPointer = () =>
  (numberPointers ??= require('./number-pointer.js') as typeof import('./number-pointer.js'));

/** What the values of a plugin need from outside this folder. */
export interface ValueOptions {
  readonly int64: 'bigint' | 'number';
  readonly parse: (declaration: string) => CType;
  readonly callable: (type: FunctionType, address: bigint, values: Values) => CFunction;
  readonly functionAddress: (
    type: FunctionType,
    value: unknown,
    what: string,
    values: Values,
  ) => { address: bigint; kept: unknown };
}

/** The codecs of one plugin, each made once for its type. */
export function createValues(options: ValueOptions): Values {
  const codecs = new WeakMap<CType, Codec>();
  const exactCodecs = new WeakMap<CType, Codec>();
  const values: Values = {
    int64: options.int64,
    parse: options.parse,
    codec(type) {
      let codec = codecs.get(type);
      if (codec === undefined) codecs.set(type, (codec = makeCodec(type, values, exact)));
      return codec;
    },
    pointer(target, address, extent) {
      return address === 0n ? null : pointerMaker(target, values)(address, extent);
    },
    pointerMaker: (target) => pointerMaker(target, values),
    pointerInto(target, extent) {
      const address = extent.block.address + BigInt(extent.offset);
      return pointerMaker(target, values)(address, extent);
    },
    variable: (target, address, name, extent, untyped) =>
      pointerMaker(target, values)(address, extent, name, untyped),
    callable(type, address) {
      return address === 0n ? null : options.callable(type, address, values);
    },
    functionAddress: (type, value, what) => options.functionAddress(type, value, what, values),
  };
  const exact: Values = {
    ...values,
    int64: 'bigint',
    codec(type) {
      let codec = exactCodecs.get(type);
      if (codec === undefined) exactCodecs.set(type, (codec = makeCodec(type, exact, exact)));
      return codec;
    },
  };
  return values;
}

function pointerMaker(target: CType, values: Values): PointerMaker {
  const t = bare(target);
  // Only what has a machine's number at the other end: an enum also takes names, and text is text.
  const machine = t.kind === 'int' || t.kind === 'float' ? values.codec(target).machine : undefined;
  if (machine !== undefined) return numberPointer().numberPointers(machine, values, target);
  return (address, extent, name, untyped) => new Pointer(values, target, address, extent, name, untyped);
}

/** `exact` are the same values but for 64-bit integers, which are bigints there. */
function makeCodec(type: CType, values: Values, exact: Values): Codec {
  const t = bare(type);
  switch (t.kind) {
    case 'bool':
      return boolCodec(type, t.size);
    case 'int':
      return integerCodec(type, t.size, t.signed, values.int64);
    case 'enum':
      return t.size === undefined
        ? noValue(type, 'its enumerators are not known here')
        : integerCodec(type, t.size, t.signed, values.int64);
    case 'float':
      return float().floatCodec(type, t.size, t.format);
    case 'complex':
      return float().complexCodec(type, t.size, t.format);
    case 'pointer':
      return pointerCodec(type, t, values);
    case 'array':
      if (t.length === undefined || t.length === 0) return flexibleCodec(type, t.element, values);
      if (sizeOf(t.element) === undefined) return noValue(type, 'the size of its elements is not known here');
      return array().arrayCodec(type, t, t.length, values);
    case 'struct':
    case 'union':
      if (t.size === undefined)
        return noValue(type, 'it is opaque: its members are not known here, only pointers to it can be used');
      return recordCodec(type, t, t.size, values, exact);
    case 'unsupported':
      return t.of === undefined ? noValue(type, t.reason, t.size) : failing(type, 0, t.reason, t.of);
    case 'void':
      return noValue(type, 'cast the pointer to what it really points to');
    case 'function':
      return noValue(type, 'a function can be called, not read');
  }
}

function recordCodec(type: CType, record: RecordType, size: number, values: Values, exact: Values): Codec {
  const made = (require('./record-codec.js') as typeof import('./record-codec.js')).recordCodec(
    type,
    record,
    size,
    values,
  );
  if (values.int64 === 'bigint') return made;
  // Members of a union that are given together are read again and compared: not as numbers, which may not hold them.
  return {
    ...made,
    write: (...args) => {
      exact.codec(type).write(...args);
    },
  };
}

/** A type that has no values here. Only using it fails, so that a struct with such a member works but for that member. */
function noValue(type: CType, reason: string, size = 0): Codec {
  return failing(type, size, `${print(type)} has no value: ${reason}`);
}

function failing(type: CType, size: number, text: string, symbol?: UnsupportedType['of']): Codec {
  const fail = (): never => {
    throw new PluginError('ERR_PLUGIN_TYPE', text, symbol);
  };
  return { type, size, read: fail, write: fail };
}

function boolCodec(type: CType, size: number): Codec {
  return {
    type,
    size,
    read: ({ data }, offset) => data.getUint8(offset) !== 0,
    write: (block, offset, value, what) => {
      if (typeof value !== 'boolean') throw wrongKind(what, type, 'a boolean', value);
      for (let i = 0; i < size; i++) block.data.setUint8(offset + i, 0);
      block.data.setUint8(offset, value ? 1 : 0);
    },
  };
}

/** `T tail[]` and GNU C's `T tail[0]` have no size: as in C they are where their elements begin, a pointer. They end where the memory does. */
function flexibleCodec(type: CType, element: CType, values: Values): Codec {
  const target = isQualified(type, 'const') ? constOf(element) : element;
  return {
    type,
    size: 0,
    read: (block, offset) =>
      block.openEnded
        ? values.pointer(target, block.address + BigInt(offset))
        : values.pointerInto(target, { block, offset, start: offset, end: block.size }),
    write: (_block, _offset, _value, what) => {
      throw typeError(
        'ERR_INVALID_ARG_TYPE',
        `${what}: ${print(type)} has no size: write its elements, ${what}.set(i, value)`,
      );
    },
  };
}
