import { bare, type CType } from '../../ctypes/model.js';

/** The numbers that the machine, and a DataView, read in one go. 64-bit integers are bigints here. */
export type Machine =
  'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float32' | 'float64';

export interface MachineAccess {
  readonly get: (data: DataView, offset: number) => number | bigint;
  readonly set: (data: DataView, offset: number, value: never) => void;
  readonly array: TypedArrayConstructor;
}

/** The typed arrays that can lie over C memory. */
export type TypedArray =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

export interface TypedArrayConstructor<A extends TypedArray = TypedArray> {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): A;
}

/** Little-endian, as every machine is that a library can be loaded on here. */
export const MACHINES: Readonly<Record<Machine, MachineAccess>> = {
  int8: {
    array: Int8Array,
    get: (d, o) => d.getInt8(o),
    set: (d, o, v) => {
      d.setInt8(o, v);
    },
  },
  uint8: {
    array: Uint8Array,
    get: (d, o) => d.getUint8(o),
    set: (d, o, v) => {
      d.setUint8(o, v);
    },
  },
  int16: {
    array: Int16Array,
    get: (d, o) => d.getInt16(o, true),
    set: (d, o, v) => {
      d.setInt16(o, v, true);
    },
  },
  uint16: {
    array: Uint16Array,
    get: (d, o) => d.getUint16(o, true),
    set: (d, o, v) => {
      d.setUint16(o, v, true);
    },
  },
  int32: {
    array: Int32Array,
    get: (d, o) => d.getInt32(o, true),
    set: (d, o, v) => {
      d.setInt32(o, v, true);
    },
  },
  uint32: {
    array: Uint32Array,
    get: (d, o) => d.getUint32(o, true),
    set: (d, o, v) => {
      d.setUint32(o, v, true);
    },
  },
  int64: {
    array: BigInt64Array,
    get: (d, o) => d.getBigInt64(o, true),
    set: (d, o, v) => {
      d.setBigInt64(o, v, true);
    },
  },
  uint64: {
    array: BigUint64Array,
    get: (d, o) => d.getBigUint64(o, true),
    set: (d, o, v) => {
      d.setBigUint64(o, v, true);
    },
  },
  float32: {
    array: Float32Array,
    get: (d, o) => d.getFloat32(o, true),
    set: (d, o, v) => {
      d.setFloat32(o, v, true);
    },
  },
  float64: {
    array: Float64Array,
    get: (d, o) => d.getFloat64(o, true),
    set: (d, o, v) => {
      d.setFloat64(o, v, true);
    },
  },
};

/** The machine's number that a value of `type` is; undefined where it is none: `_Bool`, say, or a struct. */
export function machineOf(type: CType): Machine | undefined {
  const t = bare(type);
  if (t.kind === 'int' || t.kind === 'enum') return integerMachine(t.size ?? 4, t.signed);
  if (t.kind !== 'float') return undefined;
  return t.format === 'binary32' ? 'float32' : t.format === 'binary64' ? 'float64' : undefined;
}

/** How the machine reads an integer of `size` bytes; undefined for 128 bits. */
export function integerMachine(size: number, signed: boolean): Machine | undefined {
  const machine = `${signed ? 'int' : 'uint'}${size * 8}`;
  return machine in MACHINES ? (machine as Machine) : undefined;
}
