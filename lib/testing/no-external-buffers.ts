import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BUILD, compile } from './tools.js';

const NAME = 'napi_create_external_arraybuffer';
/** As long, and nobody else's. */
const OTHER = 'elfp_create_external_arraybuffer';

/** What an engine may answer, as C. koffi takes the first for an empty buffer, and ends the process at the second. */
const ANSWERS = {
  empty: 'return napi_create_arraybuffer(env, 0, &data, result);',
  // Electron's: napi_no_external_buffers_allowed (js_native_api_types.h).
  refusal: 'return 22;',
};

/**
 * A file for `--require` that makes this Node an engine without buffers over C's memory: koffi is loaded from a copy that calls
 * another function in place of Node's. Preloading one of the same name is no use: the main program's comes first. With
 * `refusal` it is Electron by its versions, too.
 */
export function withoutExternalBuffers(answer: keyof typeof ANSWERS): string {
  const folder = join(BUILD, 'no-external-buffers', answer);
  const preload = join(folder, 'preload.cjs');
  if (existsSync(preload)) return preload;
  mkdirSync(folder, { recursive: true });
  const koffi = createRequire(require.resolve('koffi')).resolve(
    `@koromix/koffi-linux-${process.arch}/package.json`,
  );
  const original = readFileSync(join(dirname(koffi), `linux_${process.arch}/koffi.node`), 'latin1');
  const other = original.replaceAll(`${NAME}\0`, `${OTHER}\0`);
  const copy = place(join(folder, 'koffi.node'), other);
  const library = compile(addon(ANSWERS[answer]), { output: 'answer.node' });
  return place(
    preload,
    `${answer === 'refusal' ? ELECTRON : ''}const { dlopen } = process;
const { RTLD_NOW, RTLD_GLOBAL } = require('node:os').constants.dlopen;
process.dlopen = (module, file, ...rest) => {
  if (!file.endsWith('/koffi.node')) return dlopen.call(process, module, file, ...rest);
  dlopen.call(process, { exports: {} }, ${JSON.stringify(library)}, RTLD_NOW | RTLD_GLOBAL);
  return dlopen.call(process, module, ${JSON.stringify(copy)}, ...rest);
};
`,
  );
}

const ELECTRON =
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, electron: '41.0.0' } });\n";

/** An addon by which the linker finds the function. */
function addon(answer: string): string {
  return `
int napi_create_arraybuffer(void *env, unsigned long size, void **data, void **result);
int ${OTHER}(void *env, void *data, unsigned long size, void *finalize, void *hint, void **result) {
  ${answer}
}
void *napi_register_module_v1(void *env, void *exports) { return exports; }
`;
}

/** Writes a file that others may be writing, or have loaded. */
function place(path: string, content: string): string {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, 'latin1');
  renameSync(temporary, path);
  return path;
}
