import { join } from 'node:path';

import type { Importer } from './importer.js';

/** What opens the library, on the thread that imports it. */
const LIVE = JSON.stringify(join(__dirname, 'live.js'));

/** See `Forward` in ffi/calls/function.ts. */
const FORWARD = 't=>(...a)=>(t.sync??t.bind())(...a)';

/** The ES module of the library at `path`. Any name can be exported as a string (ECMAScript "ModuleExportName"). */
export function moduleSource(path: string, names: readonly string[], importer: Importer): string {
  const bindings = names.map((_, i) => `, s${i}`).join('');
  const exports = names.map((name, i) => `, s${i} as ${JSON.stringify(name)}`).join('');
  const symbols = names.map((name) => `[${JSON.stringify(name)},${FORWARD}]`).join();
  return `import { createRequire } from 'node:module';
const { importLibrary } = createRequire(import.meta.url)(${LIVE});
const [plugin${bindings}] = importLibrary(${JSON.stringify(path)}, [${symbols}], ${JSON.stringify(importer)});
export { plugin as default${exports} };
`;
}

/** The CommonJS module of the library that it stands for. */
export function commonJsSource(): string {
  return `module.exports = require(${LIVE}).requireLibrary(__filename);\n`;
}
