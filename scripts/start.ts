// `npm start`: the example of Go's plugin documentation, with a plugin written in C.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { open } from '../lib/index.js';

const source = join(__dirname, '../fixtures/plugin_name.c');
const build = join(__dirname, '../build');
const library = join(build, 'plugin_name.so');

mkdirSync(build, { recursive: true });
compile();

const plugin = open(library);
for (const { kind, name, type } of plugin) console.log(`${kind} ${name}: ${String(type)}`);

const V = plugin.lookup('V'); // a pointer to the variable
const F = plugin.lookup('F'); // the function
V.value = 7;
F(); // prints "Hello, number 7"

/** Compiles the plugin: -g writes its types into it, the rest makes it a shared object. */
function compile(): void {
  const gcc = spawnSync('gcc', ['-g', '-shared', '-fPIC', '-o', library, source], { stdio: 'inherit' });
  if (gcc.error !== undefined) {
    const how = 'apt install gcc (Debian, Ubuntu), dnf install gcc (Fedora), apk add gcc musl-dev (Alpine)';
    console.error(`npm start compiles a plugin with gcc, which is not installed: ${how}`);
    process.exit(1);
  }
  if (gcc.status !== 0) process.exit(1);
}
