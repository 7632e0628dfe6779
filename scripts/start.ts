// `npm start`: the example of Go's plugin documentation, with a plugin written in C.
import { join } from 'node:path';

import { compileLibrary } from '../lib/gcc/index.js';
import { open, PluginError } from '../lib/index.js';

const plugin = open(library());
for (const { kind, name, type } of plugin) console.log(`${kind} ${name}: ${String(type)}`);

const V = plugin.lookup('V'); // a pointer to the variable
const F = plugin.lookup('F'); // the function
V.value = 7;
F(); // prints "Hello, number 7"

/** The plugin, compiled; the end of the program if there is no C compiler. */
function library(): string {
  try {
    return compileLibrary(join(__dirname, '../fixtures/plugin_name.c'));
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    console.error(`npm start: ${error.message}`);
    process.exit(1);
  }
}
