import type { CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { DW_AT, DW_ATE, DW_FORM, DW_OP, DW_TAG } from '../dwarf/constants.js';
import type { SymbolQuery } from '../ctypes/type-source.js';
import { DwarfInfo } from '../dwarf/dwarf-info.js';
import {
  type AttributeTree,
  ByteWriter,
  type DieTree,
  type UnitTree,
  type WriteOptions,
  baseType,
  writeDwarf,
} from './dwarf-writer.js';

/* Small debug info of one variable `v`, for tests of what the reader makes of its type. */

export const INT: DieTree = baseType('int', 4, DW_ATE.signed);
export const UNSIGNED: DieTree = baseType('unsigned int', 4, DW_ATE.unsigned);

export function name(text: string): AttributeTree {
  return [DW_AT.name, DW_FORM.string, text];
}

export function ref(label: string): AttributeTree {
  return [DW_AT.type, DW_FORM.ref4, label];
}

/** An exported `v` at 0x1000, of the type that is labelled `label`. */
export function variable(label = 't', attributes: readonly AttributeTree[] = [], addressSize = 8): DieTree {
  const address = [...new ByteWriter(true).uint(0x1000, addressSize).toBytes()];
  return {
    tag: DW_TAG.variable,
    attributes: [
      name('v'),
      ref(label),
      [DW_AT.external, DW_FORM.flag_present, true],
      [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, ...address]],
      ...attributes,
    ],
  };
}

export function info(units: readonly UnitTree[], options: WriteOptions = {}): DwarfInfo {
  return new DwarfInfo(writeDwarf(units, options));
}

export const V: SymbolQuery = { name: 'v', kind: 'variable', address: 0x1000n };

/** The type of `v` in a unit of these entries, of which one is labelled `t`. */
export function typeOf(children: readonly DieTree[], unit: Partial<UnitTree> = {}): CType {
  const symbol = info([{ ...unit, children: [variable(), ...children] }]).symbol(V);
  if ('reason' in symbol) throw new Error(symbol.reason);
  return symbol.type;
}

/** Why `v` has no type. */
export function reason(units: readonly UnitTree[], options: WriteOptions = {}): string {
  const symbol = info(units, options).symbol(V);
  return 'reason' in symbol ? symbol.reason : `typed: ${print(symbol.type)}`;
}
