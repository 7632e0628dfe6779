import { plainInteger } from '../ctypes/bits.js';
import type { ConstantValue, ConstantValues } from '../ctypes/type-source.js';
import { PluginError } from '../errors.js';

/** Constants by name: an integer is a number, or a bigint where that would not be exact. Macros may also be text. */
export type Constants = Readonly<Record<string, number | bigint | string>>;

/**
 * The constants as an object without a prototype, so that every name is a constant's. One that has different values in different units throws when it
 * is read, and is not listed, so that the others can be: which of them is meant only the reader can know.
 */
export function constantsOf(all: ConstantValues, path: string): Constants {
  const constants = Object.create(null) as Record<string, number | bigint | string>;
  for (const [name, values] of all) {
    const [first] = values;
    if (first === undefined || name === '') continue;
    if (values.length === 1) {
      const { value } = first;
      constants[name] = typeof value === 'bigint' ? plainInteger(value) : value;
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

function ambiguous(name: string, values: readonly ConstantValue[], path: string): PluginError {
  const lines = values.map(({ value, origin }) => `  ${value} in ${origin}`);
  const text = `plugin: constant ${name} of plugin ${path} has more than one value\n${lines.join('\n')}`;
  return new PluginError('ERR_PLUGIN_TYPE', text, { path });
}
