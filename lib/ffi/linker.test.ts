import { linkSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childValue } from '../testing/run-child.js';
import { BUILD, compile, FIXTURES } from '../testing/tools.js';
import { koffi } from './koffi.js';
import * as linker from './linker.js';

const FLAGS = linker.RTLD.NOW | linker.RTLD.LOCAL | linker.RTLD.NODELETE;
const BUILD_ID = '00112233445566778899aabbccddeeff00112233';
const NO_SUCH = '/no/such.so: cannot open shared object file: No such file or directory';

const library = compile('registry/linked.c', {
  flags: [
    '-shared',
    '-fPIC',
    `-Wl,--build-id=0x${BUILD_ID}`,
    `-Wl,--version-script=${join(FIXTURES, 'registry/linked.map')}`,
  ],
});

function handleOf(opened: linker.Opened): bigint {
  if ('dlerror' in opened) throw new Error(opened.dlerror);
  return opened.handle;
}

function addressOf(name: string, version?: string): bigint {
  const address = linker.symbolAddress(handleOf(linker.open(library, FLAGS)), name, version);
  if (address === undefined) throw new Error(`no symbol ${name}`);
  return address;
}

function call(address: bigint, ...args: number[]): number {
  const f = koffi.decode(address, koffi.proto('int', ['int'])) as (x: number) => number;
  return f(args[0] ?? 0);
}

describe('opening', () => {
  it('gives one handle for every name of a file', () => {
    const folder = mkdtempSync(join(BUILD, 'linker-'));
    try {
      const hard = join(folder, 'hard.so');
      const symbolic = join(folder, 'symbolic.so');
      linkSync(library, hard);
      symlinkSync(library, symbolic);
      const handle = handleOf(linker.open(library, FLAGS));
      expect(linker.loadedHandle(symbolic)).toBe(handle);
      expect(linker.open(hard, FLAGS)).toEqual({ handle });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives the linker's words for what it can't open, each time", async () => {
    expect(linker.open('/no/such.so', FLAGS)).toEqual({ dlerror: NO_SUCH });
    expect(linker.open('/no/such.so', FLAGS)).toEqual({ dlerror: NO_SUCH });
    expect(linker.open(tmpdir(), FLAGS)).toEqual({
      dlerror: `${tmpdir()}: cannot read file data: Is a directory`,
    });
    await expect(linker.openAsync('/no/such.so', FLAGS)).resolves.toEqual({ dlerror: NO_SUCH });
  });

  it('opens off the event loop, where constructors take their time', () => {
    const slow = compile(
      '#include <unistd.h>\n__attribute__((constructor)) static void slow(void) { usleep(200000); }\n',
    );
    const result = childValue(
      `import { openAsync, loadedHandle, RTLD } from '#lib/ffi/linker.js';
       let ticks = 0;
       const timer = setInterval(() => ticks++, 10);
       void openAsync(process.argv[2], RTLD.NOW | RTLD.NODELETE).then(({ handle }) => {
         clearInterval(timer);
         console.log(JSON.stringify([ticks > 5, handle === loadedHandle(process.argv[2])]));
       });`,
      { args: [slow] },
    );
    expect(result).toEqual([true, true]);
  });

  it('knows whether a library is loaded', () => {
    const fresh = compile('int fresh;\n');
    expect(linker.loadedHandle(fresh)).toBeUndefined();
    const handle = handleOf(linker.open(fresh, FLAGS));
    expect(linker.loadedHandle(fresh)).toBe(handle);
    expect(linker.loadedHandle('/no/such.so')).toBeUndefined();
  });
});

describe('symbols', () => {
  it('finds functions, variables and thread-local variables', () => {
    expect(call(addressOf('twice'), 21)).toBe(42);
    expect(koffi.decode.int(addressOf('value'))).toBe(7);
    expect(koffi.decode.int(addressOf('local_to_thread'))).toBe(8);
  });

  it('finds each version of a name', () => {
    expect(call(addressOf('f'))).toBe(2);
    expect(call(addressOf('f', 'V1'))).toBe(1);
    expect(call(addressOf('f', 'V2'))).toBe(2);
  });

  it('finds nothing of a name or a version that is not there', () => {
    const handle = handleOf(linker.open(library, FLAGS));
    expect(linker.symbolAddress(handle, 'nosuch')).toBeUndefined();
    expect(linker.symbolAddress(handle, 'old_f')).toBeUndefined();
    expect(linker.symbolAddress(handle, 'f', 'V3')).toBeUndefined();
    expect(linker.mainSymbolAddress('nosuch')).toBeUndefined();
  });

  it('finds what the main program exports', () => {
    const [program] = linker.iterateObjects();
    const { start, end } = program === undefined ? { start: 0n, end: 0n } : linker.rangeOf(program);
    const address = linker.mainSymbolAddress('napi_create_object') ?? 0n;
    expect(address >= start && address < end).toBe(true);
  });
});

describe('objects', () => {
  it('knows where a library was put', () => {
    const handle = handleOf(linker.open(library, FLAGS));
    const { base, name } = linker.linkMap(handle);
    expect(name).toBe(library);
    const object = linker.iterateObjects().find((o) => o.base === base);
    expect(object?.name).toBe(library);
    const { start, end } = object === undefined ? { start: 0n, end: 0n } : linker.rangeOf(object);
    const twice = addressOf('twice');
    expect(twice >= start && twice < end).toBe(true);
  });

  it('lists the main program, libc and the libraries that were opened', () => {
    const { base } = linker.linkMap(handleOf(linker.open(library, FLAGS)));
    const objects = linker.iterateObjects();
    expect(objects[0]?.name).toBe('');
    expect(objects.map((o) => o.name)).toContainEqual(expect.stringMatching(/\/libc\.so\.6$|\/ld-musl/));
    expect(objects.filter((o) => o.base === base).map((o) => o.name)).toEqual([library]);
  });

  it('reads the build-id that is in memory', () => {
    const { base } = linker.linkMap(handleOf(linker.open(library, FLAGS)));
    const object = linker.iterateObjects().find((o) => o.base === base);
    const notes = object ? linker.notesInMemory(object) : [];
    const hex = notes.map((n) => Buffer.from(n).toString('hex'));
    // namesz, descsz, NT_GNU_BUILD_ID, "GNU" (gABI "Note Section")
    expect(hex.join()).toContain(`040000001400000003000000474e5500${BUILD_ID}`);
  });

  // As glibc leaves the tables of a library, and as musl does, which writes nothing into them (ldso/dynlink.c, decode_dyn).
  it.each([
    ['relocated', true],
    ['unrelocated', false],
  ])('reads a dynamic section whose addresses are %s', (_, isRelocated) => {
    const image = new DataView(new ArrayBuffer(0x200));
    const base = koffi.address(image.buffer);
    const word = (at: number, value: bigint): void => {
      image.setBigUint64(at, value, true);
    };
    const placed = (address: bigint): bigint => (isRelocated ? base + address : address);
    // PT_DYNAMIC at 0x80; DT_NEEDED, DT_STRTAB, DT_GNU_HASH, DT_NULL.
    image.setUint32(0, 2, true);
    word(16, 0x80n);
    word(32, 0x40n);
    word(40, 0x40n);
    const entries = [1n, 5n, 5n, placed(0x100n), 0x6ffffef5n, placed(0x180n)];
    entries.forEach((value, i) => {
      word(0x80 + 8 * i, value);
    });
    Buffer.from(image.buffer).write('libx\0libc.so\0', 0x100);
    const object = { base, name: '', programHeaders: { address: base, count: 1 } };
    expect(linker.neededInMemory(object)).toEqual(['libc.so']);
    expect(linker.gnuHashInMemory(object)).toBe(base + 0x180n);
  });

  it('reads the notes of every object without a fault', () => {
    const sizes = linker.iterateObjects().map((o) => linker.notesInMemory(o).length);
    expect(Math.max(...sizes)).toBeGreaterThan(0);
  });

  it('goes on when a visitor throws', () => {
    expect(() => {
      linker.iteratePhdr(() => {
        throw new Error('enough');
      });
    }).toThrow('enough');
    expect(linker.iterateObjects().length).toBeGreaterThan(3);
  });
});
