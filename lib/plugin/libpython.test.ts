import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sizeOf } from '../ctypes/layout.js';
import { findLibrary } from '../elf/search.js';
import { inspect } from '../library/inspect.js';
import { childValue, runChild } from '../testing/run-child.js';
import { describeWith, run } from '../testing/tools.js';

/** Debian's libpython3.11-dbg: 25 MB, with its DWARF inside. */
const LIBPYTHON = findLibrary('libpython3.11d.so.1.0') ?? '/libpython3.11d.so.1.0';

describeWith([LIBPYTHON, 'readelf'], 'libpython3.11d, a real library with no declaration at all', () => {
  it('runs Python', () => {
    const seen = childValue(
      `
      import { readFileSync } from 'node:fs';
      import { inspect } from 'node:util';
      import { open } from '#lib/index.js';
      const python = open(${JSON.stringify(LIBPYTHON)});
      const { Py_Initialize, Py_IsInitialized, PyRun_SimpleString, Py_GetVersion, PyLong_FromLong, PyLong_AsLong } = python.symbols;
      const before = Py_IsInitialized();
      Py_Initialize();
      const ran = PyRun_SimpleString("import pathlib; pathlib.Path(" + JSON.stringify(process.argv[2]) + ").write_text(str(6*7))");
      const five = PyLong_FromLong(5n);
      console.log(JSON.stringify({
        before,
        after: Py_IsInitialized(),
        ran,
        printed: readFileSync(process.argv[2], 'utf8'),
        version: Py_GetVersion(),
        object: String(five.type),
        definition: five.type.ctype.kind === 'typedef' ? five.type.ctype.target.tag : five.type.ctype.tag,
        references: typeof five.value.ob_refcnt,
        back: inspect(PyLong_AsLong(five)),
        stillInitialized: python.lookup('Py_IsInitialized')(),
      }));
    `,
      { args: [join(mkdtempSync(join(tmpdir(), 'elf-plugin-')), 'printed')] },
    );
    expect(seen).toMatchObject({
      before: 0,
      after: 1,
      ran: 0,
      printed: '42',
      version: expect.stringMatching(/^3\.11\./) as unknown,
      object: 'PyObject',
      definition: '_object',
      references: 'bigint',
      back: '5n',
    });
  });

  it('prints 42 through C itself', () => {
    const output = run(process.execPath, [
      '--require',
      'tsx/cjs',
      '-e',
      `const { Py_Initialize, PyRun_SimpleString } = require('./lib/index.ts').open(${JSON.stringify(LIBPYTHON)}).symbols;
       Py_Initialize(); PyRun_SimpleString('print(6*7, flush=True)');`,
    ]);
    expect(output).toBe('42\n');
  });

  it('sees the environment and the zone of the process, and runs its own zlib', () => {
    const printed = execFileSync('gcc', ['-E', '-dM', '-include', 'zlib.h', '-'], {
      input: '',
      encoding: 'utf8',
    });
    const installed = /ZLIB_VERSION "(.*)"/.exec(printed)?.[1];
    const { stdout } = runChild(
      `
      import { open } from '#lib/index.js';
      const { Py_Initialize, PyRun_SimpleString } = open(${JSON.stringify(LIBPYTHON)}).symbols;
      process.env.FROM_NODE = 'seen';
      Py_Initialize();
      PyRun_SimpleString(\`
import json, os, time, zlib
os.environ['FROM_PYTHON'] = 'seen'
os.environ['TZ'] = 'Asia/Tokyo'
time.tzset()
text = b'to be or not to be' * 100
print(json.dumps([len(os.environ), os.environ.get('FROM_NODE'), zlib.ZLIB_RUNTIME_VERSION, time.tzname[0], zlib.decompress(zlib.compress(text, 9)) == text]), flush=True)
\`);
      console.log(JSON.stringify([Object.keys(process.env).length, process.env.FROM_PYTHON, process.versions.zlib]));
      `,
    );
    const [python, node] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown[]);
    expect(python).toEqual([node?.[0], 'seen', installed, 'JST', true]);
    expect(node?.[1]).toBe('seen');
    expect(node?.[2]).not.toBe(installed);
  });

  describe('its listing', () => {
    /** Name, kind and size as readelf has them: an independent reader. */
    const rows = run('readelf', ['-W', '--dyn-syms', LIBPYTHON])
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , , , , section]) => section !== undefined && section !== 'UND' && section !== 'Ndx')
      .map(([, , size = '', type = '', , , , name = '']) => ({
        name: name.replace(/@.*/, ''),
        type,
        size: Number(size),
      }));
    const { symbols } = inspect(LIBPYTHON);

    it('has what readelf lists', () => {
      const listed = symbols.map(({ name, kind, size }) => `${name} ${kind} ${size}`);
      const expected = rows
        .filter((r) => r.name !== '')
        .map(({ name, type, size }) => `${name} ${type === 'FUNC' ? 'function' : 'variable'} ${size}`);
      expect(listed.toSorted()).toEqual(expected.toSorted());
    });

    it('has a type for every function and variable', () => {
      expect(symbols.filter((s) => s.type === undefined)).toEqual([]);
      expect(symbols.filter((s) => s.kind === 'function').every((s) => s.type?.kind === 'function')).toBe(
        true,
      );
      // 1,474 and 211 in 3.11.2-6+deb12u3; a security update may add a few.
      expect(symbols.filter((s) => s.kind === 'function').length).toBeGreaterThanOrEqual(1474);
      expect(symbols.filter((s) => s.kind === 'variable').length).toBeGreaterThanOrEqual(211);
    });

    it('has the size of the symbol as the size of each variable', () => {
      const differing = symbols.filter(
        (s) => s.kind === 'variable' && s.type && sizeOf(s.type.ctype) !== s.size,
      );
      expect(differing.map((s) => s.name)).toEqual([]);
    });
  });
});
