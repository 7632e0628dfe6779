import { plainInteger } from '../ctypes/bits.js';
import type { Enumerators, EnumeratorValue } from '../dwarf/enumerators.js';
import { PluginError } from '../errors.js';

/** Constants by name: a number, or a bigint where that would not be exact. */
export type Constants = Readonly<Record<string, number | bigint>>;

/**
 * The enumerators as an object without a prototype, so that every name is a constant's. One that has different values in different units throws when it
 * is read, and is not listed, so that the others can be: which of them is meant only the reader can know.
 */
export function constantsOf(enumerators: Enumerators, path: string): Constants {
  const constants = Object.create(null) as Record<string, number | bigint>;
  for (const [name, values] of enumerators) {
    const [first] = values;
    if (first === undefined || name === '') continue;
    if (values.length === 1) {
      constants[name] = plainInteger(first.value);
      continue;
    }
    Object.defineProperty(constants, name, {
      get: (): never => {
        throw ambiguous(name, values, path);
      },
    });
  }
  return Object.freeze(constants);
}

function ambiguous(name: string, values: readonly EnumeratorValue[], path: string): PluginError {
  const lines = values.map(({ value, enumeration }) => `  ${value} in ${enumeration}`);
  const text = `plugin: constant ${name} of plugin ${path} has more than one value\n${lines.join('\n')}`;
  return new PluginError('ERR_PLUGIN_TYPE', text, { path });
}
