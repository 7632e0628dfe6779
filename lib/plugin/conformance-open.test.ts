/** Rows 50 to 56 of the conformance table: a library is opened and initialised once, and stays. */
import { join } from 'node:path';

import { buildConformance, host, hostResult, scratchFolder } from '../testing/conformance.js';

const built = buildConformance();

it('row 50: every name of a file gives the same plugin', () => {
  const result = host(
    `
    const p = open(so('opened.so'));
    fs.copyFileSync(so('identity.so'), 'original.so');
    fs.symlinkSync('original.so', 'symlink.so');
    fs.linkSync('original.so', 'hardlink.so');
    fs.mkdirSync('dir');
    fs.symlinkSync('..', 'dir/up');
    const names = ['original.so', './original.so', 'symlink.so', 'hardlink.so', 'dir/../original.so', './/original.so', 'dir/up/symlink.so', join(scratch, 'original.so')];
    const plugins = names.map((name) => open(name));
    plugins.push(await openAsync('hardlink.so'));
    print([new Set(plugins).size, plugins[0] === p, firstLine(() => open('original.so//'))]);`,
    ...inScratch(),
  );
  expect(result).toEqual([1, false, 'plugin.Open("original.so//"): realpath failed']);
});

/** Options for a child that works in its own scratch folder. */
function inScratch(): [{ scratch: string; cwd: string }] {
  const scratch = scratchFolder();
  return [{ scratch, cwd: scratch }];
}

it('row 51: a hundred opens at once load it once, and the event loop keeps ticking', () => {
  const result = host(`
    let ticks = 0;
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      ticks++;
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    await sleep(10);
    const before = ticks;
    const all = await Promise.all(Array.from({ length: 100 }, () => openAsync(so('slow.so'), { init: 'setup' })));
    const during = ticks - before;
    clearInterval(timer);
    print({ plugins: new Set(all).size, during, longest, constructed: all[0].lookup('constructed').value, setups: all[0].lookup('setups').value });`) as Record<
    string,
    number
  >;
  expect(result).toMatchObject({ plugins: 1, constructed: 1, setups: 1 });
  // The constructor takes 500 ms.
  expect(result['during']).toBeGreaterThan(15);
  expect(result['longest']).toBeLessThan(350);
});

it('row 51: other libraries are opened meanwhile, and a failure among them stops none', () => {
  const result = host(`
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const names = ['slow.so', 'plugin1.so', 'undefined.so', 'opened.so', 'slow.so'];
    const results = await Promise.allSettled(names.map((name) => openAsync(so(name))));
    clearInterval(timer);
    print({ longest, status: results.map((r) => r.status), same: results[0].value === results[4].value, F: results[1].value.lookup('F')() });`) as Record<
    string,
    number
  >;
  const ok = 'fulfilled';
  expect(result).toMatchObject({ status: [ok, ok, 'rejected', ok, ok], same: true, F: 3 });
  expect(result['longest']).toBeLessThan(350);
});

it('row 51: many workers at once initialise it once, and see it initialised', () => {
  const result = host(
    `
    const seen = await inWorkers(5, __filename);
    const p = open(so('quick.so'), { init: 'setup' });
    print({ seen, here: [p.lookup('constructed').value, p.lookup('setups').value] });`,
    {
      worker: `
      const p = open(so('quick.so'), { init: 'setup' });
      parentPort.postMessage([p.lookup('constructed').value, p.lookup('setups').value]);`,
    },
  );
  expect(result).toEqual({ seen: Array(5).fill([1, 1]), here: [1, 1] });
});

it('row 52: a library outlives the worker that opened it, and is unloaded at the end of the process', () => {
  const { stdout, status, signal } = hostResult(
    `
    await inWorkers(1, __filename);
    await inWorkers(1, __filename);
    fs.writeSync(1, 'workers gone\\n');
    const { constructed, value } = open(so('lifecycle.so')).symbols;
    fs.writeSync(1, JSON.stringify([constructed.value, value.value]) + '\\n');`,
    { worker: `open(so('lifecycle.so')).lookup('increment')();` },
  );
  expect({ stdout, status, signal }).toEqual({
    stdout: 'workers gone\n[1,3]\ndestructed\n',
    status: 0,
    signal: null,
  });
});

it('row 53: pointers and functions stay valid when nothing refers to their plugin', () => {
  const result = host(
    `
    let { increment, value } = open(so('quick.so')).symbols;
    let list = open(so('unique1.so')).lookup('make')();
    const text = open(so('linkvalue.so')).lookup('Val');
    let waste = [];
    for (let i = 0; i < 300; i++) {
      waste.push(open(so('identity.so')).alloc('struct point[100]'), new Uint8Array(1 << 16), open(so('quick.so')).lookup('value').offset(0));
      if (waste.length > 100) waste = [];
      increment();
      if (i % 10 === 0) { gc(); await sleep(0); }
    }
    const before = value.value;
    increment = value = undefined;
    for (let i = 0; i < 5; i++) { gc(); await sleep(0); }
    print([before, open(so('quick.so')).lookup('value').value, list.value.next.value.value, text.value, open(so('quick.so')).lookup('constructed').value]);`,
    { execArgv: ['--expose-gc'] },
  );
  expect(result).toEqual([301, 301, 2, 'linkstr', 1]);
});

it('row 54: a file replaced at its path is the old library, marked stale', () => {
  const result = host(
    `
    fs.copyFileSync(so('plugin1.so'), 'p.so');
    fs.symlinkSync(so('libcommon.so'), 'libcommon.so');
    const p = open('p.so');
    const before = p.stale;
    fs.copyFileSync(so('sub/plugin1.so'), 'new');
    fs.renameSync('p.so', 'old.so');
    fs.renameSync('new', 'p.so');
    const again = open('p.so');
    const seen = [before, again === p, p.stale, again.lookup('F')(), again.lookup('Seven').value, again.has('commonX')];
    // The file that is in memory has another name now; the new file is another library by another name.
    const moved = open('old.so') === p;
    fs.copyFileSync('p.so', 'other.so');
    const other = open('other.so');
    print({ seen, moved, other: [other === p, other.stale, other.lookup('F')()] });`,
    ...inScratch(),
  );
  expect(result).toEqual({
    seen: [false, true, true, 3, 7, false],
    moved: true,
    other: [false, false, 17],
  });
});

it('row 54: touched, or replaced by a file of the same build, it is not stale', () => {
  const result = host(
    `
    fs.copyFileSync(so('opened.so'), 'p.so');
    const p = open('p.so');
    fs.utimesSync('p.so', 1, 1);
    const touched = open('p.so').stale;
    fs.copyFileSync(so('opened.so'), 'new');
    fs.renameSync('new', 'p.so');
    print([touched, open('p.so') === p, p.stale]);`,
    ...inScratch(),
  );
  expect(result).toEqual([false, true, false]);
});

it('row 54: replaced by what is no library, or without a build-id, it is stale', () => {
  const result = host(
    `
    const answers = [];
    for (const [name, from, to] of [['text.so', 'opened.so', 'opened.c'], ['noid.so', 'noid.so', 'plugin1.so'], ['id.so', 'identity.so', 'noid.so']]) {
      fs.copyFileSync(so(from), name);
      const p = open(name);
      fs.copyFileSync(so(to), 'new');
      fs.renameSync('new', name);
      answers.push([open(name) === p, p.stale]);
    }
    print(answers);`,
    ...inScratch(),
  );
  expect(result).toEqual(Array(3).fill([true, true]));
});

it('row 55: a constructor that opens its own library gets it, and nothing hangs', () => {
  const result = host(`
    const { hook } = open(so('libhook.so')).symbols;
    const inner = [];
    hook.value = () => { inner.push(open(so('recursive.so'))); inner.push(inner[0].lookup('F')(), open(so('opened.so')).lookup('G')()); };
    const p = open(so('recursive.so'));
    hook.value = null;
    print([inner[0] === p, inner[1], inner[2], p.lookup('constructed').value]);`);
  expect(result).toEqual([true, 55, 971, 1]);
});

it('row 55: opening a library from its own init function is an error, and others may be opened there', () => {
  const result = host(`
    const { hook } = open(so('libhook.so')).symbols;
    const inner = [];
    // The constructor calls the hook too, before there is an init to speak of.
    open(so('recursive.so'));
    const calls_open = () => {
      inner.push(failure(() => open(so('recursive.so'))), failure(() => open(so('recursive.so'), { init: 'init' })));
      inner.push(open(so('quick.so'), { init: 'setup' }).lookup('setups').value);
    };
    hook.value = calls_open;
    const p = open(so('recursive.so'), { init: 'init' });
    print([p === open(so('recursive.so')), ...inner]);`);
  const inProgress = {
    code: 'ERR_PLUGIN_INIT',
    first: `plugin.Open("${join(built, 'recursive')}"): initialization in progress`,
  };
  expect(result).toMatchObject([true, inProgress, inProgress, 1]);
});

it('row 56: an init that fails makes open fail, and every later one, in any thread and with any init', () => {
  const result = host(
    `
    const tries = [{ init: 'veto' }, { init: 'veto' }, {}, { init: 'setup' }].map((options) => failure(() => open(so('quick.so'), options)));
    const async = await openAsync(so('quick.so')).catch((e) => e.message);
    const [inWorker] = await inWorkers(1, __filename);
    const { vetoes, setups } = open(so('slow.so')).symbols;
    print({ tries: tries.map((t) => [t.code, t.first]), async, inWorker });`,
    { worker: `parentPort.postMessage(firstLine(() => open(so('quick.so'), { init: 'prepare' })));` },
  );
  const reason = 'init function veto returned 3';
  const later = `plugin.Open("${join(built, 'quick.so')}"): ${reason} (previous failure)`;
  expect(result).toEqual({
    tries: [
      ['ERR_PLUGIN_INIT', `plugin.Open("${join(built, 'quick')}"): ${reason}`],
      ['ERR_PLUGIN_INIT', later],
      ['ERR_PLUGIN_INIT', later],
      ['ERR_PLUGIN_INIT', later],
    ],
    async: later,
    inWorker: later,
  });
});

it('row 56: an init runs once, several run once each, and what is none is refused unrun', () => {
  const result = host(`
    const path = so('quick.so');
    const p = open(path, { init: 'setup' });
    const refused = [failure(() => open(path, { init: 'not_an_init' })), failure(() => open(path, { init: 'setups' })), failure(() => open(path, { init: 'missing' }))];
    open(path, { init: 'setup' });
    open(path, { init: 'prepare' });
    open(path, { init: 'prepare' });
    print({ refused: refused.map((r) => [r.code, r.first]), setups: p.lookup('setups').value });`);
  const prefix = `plugin.Open("${join(built, 'quick')}"): `;
  expect(result).toEqual({
    refused: [
      [
        'ERR_PLUGIN_INIT',
        `${prefix}init function not_an_init is int not_an_init(int x), not void (void) or int (void)`,
      ],
      ['ERR_PLUGIN_INIT', `${prefix}init function setups is int setups, not void (void) or int (void)`],
      ['ERR_PLUGIN_SYMBOL', `${prefix}could not find symbol missing: the library does not export it`],
    ],
    setups: 101,
  });
});
