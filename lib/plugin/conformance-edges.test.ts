/** Where opening meets threads that end, exceptions, and names that JavaScript can't write. */
import { writeFileSync, copyFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { buildConformance, host, hostResult, scratchFolder } from '../testing/conformance.js';

const built = buildConformance();

it('a worker can be terminated while its asynchronous open is under way', () => {
  const result = host(
    `
    const worker = new Worker(__filename, { argv: process.argv.slice(2) });
    await new Promise((resolve) => worker.once('message', resolve));
    await sleep(50);
    const code = await worker.terminate();
    print([code, open(so('slow.so')).lookup('constructed').value]);`,
    { worker: `void openAsync(so('slow.so')); parentPort.postMessage('opening');` },
  );
  expect(result).toEqual([1, 1]);
});

it('the process can exit while an asynchronous open is under way', () => {
  const { status, signal, stderr } = hostResult(
    `void openAsync(so('slow.so')); await sleep(50); process.exit(7);`,
  );
  expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: '' });
});

it('open waits for an asynchronous open of the same library, and both give one plugin', () => {
  const result = host(`
    const first = openAsync(so('slow.so'), { init: 'setup' });
    await sleep(50);
    const p = open(so('slow.so'));
    const { constructed, setups } = p.symbols;
    const at = [constructed.value, setups.value];
    print([p === (await first), ...at, constructed.value, setups.value]);`);
  expect(result).toEqual([true, 1, 0, 1, 1]);
});

it('an exception thrown into a constructor comes out of open, and the library is loaded', () => {
  const result = host(`
    const { hook } = open(so('libhook.so')).symbols;
    hook.value = () => { throw new Error('from the constructor'); };
    const thrown = failure(() => open(so('recursive.so'))).first;
    hook.value = null;
    const p = open(so('recursive.so'));
    print([thrown, p.lookup('F')(), p.lookup('constructed').value]);`);
  expect(result).toEqual(['from the constructor', 55, 1]);
});

it('an exception thrown into an init function is a failure of that, and the cause', () => {
  const result = host(`
    const { hook } = open(so('libhook.so')).symbols;
    open(so('recursive.so'));
    hook.value = () => { throw new RangeError('from the init'); };
    let cause;
    try { open(so('recursive.so'), { init: 'init' }); } catch (error) { cause = error.cause; }
    hook.value = null;
    print([cause.name, cause.message, firstLine(() => open(so('recursive.so')))]);`);
  const again = `plugin.Open("${built}/recursive.so"): init function init: from the init (previous failure)`;
  expect(result).toEqual(['RangeError', 'from the init', again]);
});

it('a path that is no UTF-8 is refused as what it is: a file that can not be named', () => {
  const scratch = scratchFolder();
  const target = Buffer.concat([Buffer.from(`${scratch}/`), Buffer.from([0xff, 0xfe]), Buffer.from('.so')]);
  writeFileSync(target, readFileSync(join(built, 'opened.so')));
  symlinkSync(target, join(scratch, 'link.so'));
  const result = host(`print(failure(() => open(join(scratch, 'link.so'))));`, { scratch });
  expect(result).toMatchObject({ code: 'ERR_PLUGIN_OPEN' });
  expect((result as { first: string }).first).toMatch(
    /: cannot open shared object file: No such file or directory$/,
  );
});

it('a library without section headers has its symbols, its build-id, and no types', () => {
  const scratch = scratchFolder();
  const bytes = readFileSync(join(built, 'plugin1.so'));
  // e_shoff, e_shnum and e_shstrndx of Elf64_Ehdr (gABI ch. 4)
  bytes.fill(0, 40, 48).fill(0, 60, 64);
  writeFileSync(join(scratch, 'bare.so'), bytes);
  copyFileSync(join(built, 'libcommon.so'), join(scratch, 'libcommon.so'));
  const result = host(
    `
    const p = open(join(scratch, 'bare.so'));
    print([p.has('Seven'), p.lookup('callF', 'int (void)')(), p.buildId === plugin.inspect(so('plugin1.so')).buildId, failure(() => p.lookup('F')()).code, failure(() => open(so('plugin1.so'))).code]);`,
    { scratch },
  );
  expect(result).toEqual([true, 3, true, 'ERR_PLUGIN_TYPE', 'ERR_PLUGIN_ALREADY_LOADED']);
});

it('libc itself can be opened: its variables are the live ones', () => {
  const result = host(
    `
    const c = open(plugin.findLibrary('c'));
    const environ = c.lookup('environ', 'char **');
    const { environ: used } = open(so('dynimport.so'), {}).symbols;
    print([
      c.lookup('getpid', 'int (void)')() === process.pid,
      environ.value.address !== 0n,
      String(environ.value.value).includes('='),
      c.lookup('strlen', 'unsigned long (const char *)')('four'),
      used === undefined,
    ]);`,
  );
  expect(result).toEqual([true, true, true, 4, true]);
});
