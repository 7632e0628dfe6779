/**
 * Lua 5.4, compiled with `gcc -g` and driven with no declaration: every C type below comes from its debug information.
 *
 * Lua reports errors with `longjmp`, which drops the frames between the error and the `lua_pcall` above it. Frames of C bear that, frames of
 * JavaScript don't. So a C function that is written in JavaScript must call nothing that may raise an error: not `lua_error` and `luaL_error`, no
 * `luaL_check…`, no `lua_call`, but `lua_pcall`, `lua_tonumberx` and the like. It reports an error by what it returns, as `fail` does here.
 *
 * Longer than other files: all of it speaks to one library through the few names below, which each part would have to say again.
 */
import { callback, cast, inspect, open, type AnyPointer, type Plugin, type Pointer } from '../index.js';
import { thrownBy } from '../testing/fixture.js';
import { disagreements, lua, sourcesOf } from '../testing/real-library.js';
import { describeWith, run } from '../testing/tools.js';

const LIBRARY = lua();

/** lua.h has these as macros, which debug information does not hold. */
const [OK, YIELD, ERRRUN, ERRSYNTAX, ERRMEM] = [0, 1, 2, 3, 4];
const TYPE = { nil: 0, boolean: 1, number: 3, string: 4, table: 5, function: 6, userdata: 7 };
const MULTRET = -1;
const REGISTRYINDEX = -1_001_000;
const upvalue = (i: number): number => REGISTRYINDEX - i;
const MASKLINE = 4;
const GC = { COLLECT: 2, COUNT: 3 };

/** What TypeScript is told, and nobody else: the JavaScript type of the results. */
type Functions<Names extends string, Result> = Record<
  `lua_${Names}`,
  ((...args: unknown[]) => Result) & { async: (...args: unknown[]) => Promise<Result> }
>;
type Lua = Functions<
  | 'dump'
  | 'gc'
  | 'getfield'
  | 'getglobal'
  | 'getinfo'
  | 'geti'
  | 'gettop'
  | 'load'
  | 'next'
  | 'pcallk'
  | 'resume'
  | 'toboolean'
  | 'type',
  number
> &
  Functions<'tointegerx', bigint> &
  Functions<'tonumberx' | 'version', number> &
  Functions<'pushfstring', string> &
  Functions<'tolstring' | 'pushstring', string | null> &
  Functions<'newthread' | 'newuserdatauv' | 'touserdata', AnyPointer> &
  Functions<'getallocf', (...args: unknown[]) => AnyPointer | null> &
  Functions<
    | 'close'
    | 'copy'
    | 'createtable'
    | 'pushcclosure'
    | 'pushinteger'
    | 'pushnil'
    | 'pushnumber'
    | 'pushvalue'
    | 'setallocf'
    | 'setglobal'
    | 'sethook'
    | 'settop',
    void
  > &
  Record<'luaL_loadstring' | 'luaL_loadbufferx', (...args: unknown[]) => number> &
  Record<'luaL_newstate', () => AnyPointer> &
  Record<'luaL_openlibs' | 'luaL_setfuncs' | 'luaL_traceback', (...args: unknown[]) => void>;

type CFunction = (state: AnyPointer) => number;

// One file, long as it is: all of it drives one interpreter through the same helpers.
describeWith([LIBRARY, 'gcc', 'nm'], 'Lua 5.4', () => {
  let plugin: Plugin;
  let l: Lua;
  beforeAll(() => {
    plugin = open(LIBRARY);
    l = plugin.symbols as unknown as Lua;
  });

  let L: AnyPointer;
  let callbacks: Disposable[];
  beforeEach(() => {
    callbacks = [];
    L = l.luaL_newstate();
    l.luaL_openlibs(L);
  });
  afterEach(() => {
    l.lua_close(L);
    for (const each of callbacks) each[Symbol.dispose]();
  });

  /** Makes a JavaScript function a global function of Lua. It lives as long as the Lua state. */
  function define(name: string, fn: CFunction): void {
    const made = callback(fn, plugin.type('lua_CFunction'));
    callbacks.push(made);
    l.lua_pushcclosure(L, made, 0);
    l.lua_setglobal(L, name);
  }

  /** What is on the stack at `index`. */
  function value(index: number, state = L): unknown {
    switch (l.lua_type(state, index)) {
      case TYPE.nil:
        return null;
      case TYPE.boolean:
        return l.lua_toboolean(state, index) === 1;
      case TYPE.number:
        return l.lua_tonumberx(state, index, null);
      case TYPE.string:
        return l.lua_tolstring(state, index, null);
      default:
        return `type ${l.lua_type(state, index)}`;
    }
  }

  /** Takes all results off the stack. */
  function results(state = L): unknown[] {
    const all = Array.from({ length: l.lua_gettop(state) }, (_, i) => value(i + 1, state));
    l.lua_settop(state, 0);
    return all;
  }

  /** `lua_pcall`, which is a macro. */
  const pcall = (state: AnyPointer, parameters: number, count: number, handler = 0): number =>
    l.lua_pcallk(state, parameters, count, handler, 0, null);

  /** Runs Lua; its results. An error becomes one of JavaScript. */
  function evaluate(code: string): unknown[] {
    const status = l.luaL_loadstring(L, code) || pcall(L, 0, MULTRET);
    const all = results();
    if (status !== OK) throw new Error(`${status}: ${String(all[0])}`);
    return all;
  }

  /** What a C function gives when it fails, as Lua's own do: nil and a message. */
  function fail(state: AnyPointer, message: string): number {
    l.lua_pushnil(state);
    l.lua_pushstring(state, message);
    return 2;
  }

  describe('its listing', () => {
    it('has what nm lists, with a type each', () => {
      const listed = run('nm', ['-D', '--defined-only', '--format=posix', LIBRARY]).match(/^\S+/gm);
      const { symbols } = inspect(LIBRARY);
      expect(symbols.map((x) => x.name).sort()).toEqual(listed?.sort());
      expect(symbols.filter((x) => x.type === undefined)).toEqual([]);
      expect(symbols.length).toBeGreaterThan(150);
    });

    it('has the types that its headers declare, as gcc sees it', () => {
      const headers = '#include "lua.h"\n#include "lauxlib.h"\n#include "lualib.h"\n';
      const flags = ['-I', sourcesOf(LIBRARY)];
      expect(disagreements(LIBRARY, headers, flags)).toBe('');
      const wrong = `${headers}extern int lua_gettop(const lua_State *);`;
      expect(disagreements(LIBRARY, wrong, flags)).toMatch(/conflicting types for .lua_gettop/);
    });
  });

  it('evaluates', () => {
    expect(l.lua_version(L)).toBe(504);
    expect(evaluate(`return 6 * 7, 7 / 2, "a" .. "b", 1 < 2, nil, {}, _VERSION`)).toEqual([
      42,
      3.5,
      'ab',
      true,
      null,
      `type ${TYPE.table}`,
      'Lua 5.4',
    ]);
  });

  it('gives integers of 64 bits and strings with NULs exactly', () => {
    expect(l.luaL_loadstring(L, String.raw`return math.mininteger, "žluť\0\xff"`)).toBe(OK);
    expect(pcall(L, 0, 2)).toBe(OK);
    const isInteger = plugin.alloc('int');
    expect(l.lua_tointegerx(L, 1, isInteger)).toBe(-(2n ** 63n));
    expect(isInteger.value).toBe(1);
    expect(l.lua_tointegerx(L, 2, isInteger)).toBe(0n);
    expect(isInteger.value).toBe(0);
    const length = plugin.alloc('size_t');
    l.lua_tolstring(L, 2, length);
    expect(length.value).toBe(8n);
    // A const char * is a string in JavaScript, up to its NUL; the bytes are asked for by another type.
    const bytes = plugin.lookup<(...args: unknown[]) => AnyPointer>(
      'lua_tolstring',
      'const void *(lua_State *, int, size_t *)',
    );
    const view = bytes(L, 2, null).cast('const unsigned char *').view(8) as Uint8Array;
    expect(Buffer.from(view).toString('latin1')).toBe(Buffer.from('žluť\0').toString('latin1') + '\xff');
  });

  it('walks a table', () => {
    expect(l.luaL_loadstring(L, 'return { 10, 20, name = "Ada", [1.5] = false }')).toBe(OK);
    expect(pcall(L, 0, 1)).toBe(OK);
    expect([l.lua_geti(L, 1, 2), value(-1)]).toEqual([TYPE.number, 20]);
    expect([l.lua_getfield(L, 1, 'name'), value(-1)]).toEqual([TYPE.string, 'Ada']);
    l.lua_settop(L, 1);
    const pairs = new Map<unknown, unknown>();
    l.lua_pushnil(L);
    while (l.lua_next(L, 1) !== 0) {
      pairs.set(value(-2), value(-1));
      l.lua_settop(L, -2);
    }
    expect([...pairs].sort()).toEqual([
      [1, 10],
      [1.5, false],
      [2, 20],
      ['name', 'Ada'],
    ]);
  });

  describe('an error in Lua', () => {
    it('is a status and a message', () => {
      expect(l.luaL_loadstring(L, 'return 1 +')).toBe(ERRSYNTAX);
      expect(results()).toEqual([`[string "return 1 +"]:1: unexpected symbol near <eof>`]);
      const chunk = Buffer.from('local t = nil\nreturn t.x');
      expect(l.luaL_loadbufferx(L, chunk, chunk.length, '=chunk', 't')).toBe(OK);
      expect(pcall(L, 0, 0)).toBe(ERRRUN);
      expect(results()).toEqual([`chunk:2: attempt to index a nil value (local 't')`]);
      expect(l.luaL_loadbufferx(L, chunk, chunk.length, '=chunk', 'b')).toBe(ERRSYNTAX);
    });

    it('goes through a message handler in JavaScript', () => {
      let message: unknown;
      define('handler', (state) => {
        message = value(1, state);
        l.luaL_traceback(state, state, null, 1);
        return 1;
      });
      l.lua_getglobal(L, 'handler');
      expect(l.luaL_loadstring(L, 'local function f() error("deep") end\nf()')).toBe(OK);
      expect(pcall(L, 0, 0, 1)).toBe(ERRRUN);
      expect(message).toBe(`[string "local function f() error("deep") end..."]:1: deep`);
      expect(String(results()[1])).toMatch(
        /^stack traceback:\n\t\[C\]: in function 'error'\n\t.*:1: in local 'f'\n/,
      );
    });
  });

  describe('a C function in JavaScript', () => {
    it('takes and gives values', () => {
      define('join', (state) => {
        const parts = Array.from({ length: l.lua_gettop(state) }, (_, i) => value(i + 1, state));
        l.lua_pushstring(state, parts.join('-'));
        l.lua_pushinteger(state, parts.length);
        return 2;
      });
      expect(evaluate('return join(1, "b", true, nil, 2.5)')).toEqual(['1-b-true--2.5', 5]);
      expect(evaluate('return join()')).toEqual(['', 0]);
      expect(evaluate('local s = 0; for i = 1, 1000 do s = s + #join(i, i) end; return s')).toEqual([6786]);
    });

    it('reports an error by its results', () => {
      const isNumber = plugin.alloc('int');
      define('root', (state) => {
        const x = l.lua_tonumberx(state, 1, isNumber);
        if (isNumber.value === 0) return fail(state, 'a number, please');
        l.lua_pushnumber(state, Math.sqrt(x));
        return 1;
      });
      expect(evaluate('return root(2), root("16")')).toEqual([Math.SQRT2, 4]);
      expect(evaluate('return root({})')).toEqual([null, 'a number, please']);
      expect(() => evaluate('return assert(root())')).toThrow(/^2: .*a number, please$/);
    });

    it('has upvalues', () => {
      const counter = callback((state: AnyPointer) => {
        const next = l.lua_tointegerx(state, upvalue(1), null) + 1n;
        l.lua_pushinteger(state, next);
        l.lua_pushvalue(state, -1);
        l.lua_copy(state, -1, upvalue(1));
        l.lua_settop(state, -2);
        return 1;
      }, plugin.type('lua_CFunction'));
      callbacks.push(counter);
      for (const [name, start] of [
        ['a', 0n],
        ['b', 2n ** 40n],
      ]) {
        l.lua_pushinteger(L, start);
        l.lua_pushcclosure(L, counter, 1);
        l.lua_setglobal(L, name);
      }
      expect(evaluate('return a(), a(), b(), a(), b()')).toEqual([1, 2, 2 ** 40 + 1, 3, 2 ** 40 + 2]);
    });

    it('stands in an array of luaL_Reg, which keeps it alive', () => {
      const functions = plugin.alloc('luaL_Reg[3]', [
        { name: 'one', func: (state: AnyPointer) => (l.lua_pushinteger(state, 1), 1) },
        { name: 'two', func: (state: AnyPointer) => (l.lua_pushinteger(state, 2), 1) },
        { name: null, func: null },
      ]);
      l.lua_createtable(L, 0, 2);
      l.luaL_setfuncs(L, functions.cast('luaL_Reg *'), 0);
      l.lua_setglobal(L, 'library');
      expect(evaluate('return library.one() + library.two() * 10')).toEqual([21]);
      expect(functions.value).toHaveLength(3);
    });

    it('is called by the garbage collector, and by lua_close', () => {
      const collected: unknown[] = [];
      define('note', (state) => {
        l.lua_getfield(state, 1, 'name');
        collected.push(value(-1, state));
        return 0;
      });
      evaluate(`local meta = { __gc = note }
                setmetatable({ name = 'garbage' }, meta)
                kept = setmetatable({ name = 'kept' }, meta)`);
      expect(l.lua_gc(L, GC.COUNT)).toBeGreaterThan(10);
      l.lua_gc(L, GC.COLLECT);
      expect(collected).toEqual(['garbage']);
      l.lua_close(L);
      expect(collected).toEqual(['garbage', 'kept']);
      L = l.luaL_newstate();
    });
  });

  describe('JavaScript in C in JavaScript', () => {
    /** JavaScript that has Lua call a global function, which may be JavaScript. */
    const call = (state: AnyPointer, name: string, n: number): number => {
      l.lua_getglobal(state, name);
      l.lua_pushinteger(state, n);
      return pcall(state, 1, 1);
    };

    it('goes up and down', () => {
      const path: string[] = [];
      define('js', (state) => {
        const n = Number(l.lua_tointegerx(state, 1, null));
        path.push(`> ${n}`);
        expect(call(state, 'luaSide', n)).toBe(OK);
        path.push(`< ${n}`);
        return 1;
      });
      evaluate('function luaSide(n) if n == 0 then return "bottom" end return js(n - 1) .. n end');
      expect(evaluate('return js(3)')).toEqual(['bottom123']);
      expect(path).toEqual(['> 3', '> 2', '> 1', '> 0', '< 0', '< 1', '< 2', '< 3']);
    });

    it('goes 100 levels deep', () => {
      define('js', (state) => {
        const n = Number(l.lua_tointegerx(state, 1, null));
        if (n > 0 && call(state, 'luaSide', n - 1) !== OK) return 0;
        l.lua_pushinteger(state, l.lua_tointegerx(state, -1, null) + 1n);
        return 1;
      });
      evaluate('function luaSide(n) return js(n) end');
      expect(evaluate('return js(100)')).toEqual([101]);
    });

    it('ends without end in an error of Lua or of JavaScript, whose stack is full first, and nothing is broken', () => {
      let depth = 0;
      let inLua: unknown;
      define('js', (state) => {
        depth++;
        if (call(state, 'forever', 0) !== OK) inLua ??= value(-1, state);
        return 0;
      });
      evaluate('function forever() js() end');
      let inJavaScript: unknown;
      try {
        evaluate('js()');
      } catch (error) {
        inJavaScript = error;
      }
      if (inJavaScript !== undefined) expect(inJavaScript).toBeInstanceOf(RangeError);
      else expect(inLua).toMatch(/C stack overflow/);
      expect(depth).toBeGreaterThan(100);
      results();
      define('fine', (state) => (l.lua_pushinteger(state, 1), 1));
      expect(evaluate('return fine()')).toEqual([1]);
    });
  });

  describe('what JavaScript throws', () => {
    const thrown = new Error('from JavaScript');
    const throws = (): never => {
      throw thrown;
    };

    it('reaches the caller after C has returned, and nothing of JavaScript runs in between', () => {
      let later = 0;
      define('bad', throws);
      define('good', () => (later++, 0));
      expect(l.luaL_loadstring(L, 'log = {}; log[1] = #{ bad() }; log[2] = #{ good() }; return 7')).toBe(OK);
      let caught: unknown;
      try {
        pcall(L, 0, MULTRET);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
      expect(later).toBe(0);
      // Lua saw two functions without results, and is as good as before.
      expect(results()).toEqual([7]);
      expect(evaluate('return log[1], log[2], #{ good() }')).toEqual([0, 0, 0]);
      expect(later).toBe(1);
    });

    it('can be caught between two frames of C, and become an error of Lua', () => {
      define('bad', throws);
      define('careful', (state) => {
        l.lua_getglobal(state, 'indirect');
        try {
          pcall(state, 0, 0);
        } catch (error) {
          return fail(state, (error as Error).message);
        }
        return 0;
      });
      evaluate('function indirect() bad() end');
      expect(evaluate('return careful()')).toEqual([null, 'from JavaScript']);
    });

    it('goes through both if nobody catches it', () => {
      define('bad', throws);
      define('careless', (state) => {
        l.lua_getglobal(state, 'bad');
        pcall(state, 0, 0);
        return 0;
      });
      expect(() => evaluate('careless()')).toThrow(thrown);
      results();
    });

    it('is also what is wrong with a result', () => {
      define('half', () => 0.5);
      expect(thrownBy(() => evaluate('half()')).message).toMatch(/the number 0.5 is no int/);
      results();
    });
  });

  it('reads and writes code through JavaScript', () => {
    const source = ['return "ž', 'lu', 'ť", ', '...'];
    const pieces = [...source];
    // const char *(*lua_Reader)(lua_State *, void *, size_t *)
    const read = (_: unknown, __: unknown, size: Pointer<bigint>): string | null => {
      const piece = pieces.shift();
      size.value = BigInt(Buffer.byteLength(piece ?? ''));
      return piece ?? null;
    };
    expect(l.lua_load(L, read, null, '=pieces', 't')).toBe(OK);
    expect(pieces).toEqual([]);
    const chunks: Buffer[] = [];
    // int (*lua_Writer)(lua_State *, const void *, size_t, void *)
    const write = (_: unknown, bytes: AnyPointer, size: bigint): number => {
      const view = bytes.cast('const unsigned char *').view(Number(size)) as Uint8Array;
      chunks.push(Buffer.from(view));
      return 0;
    };
    expect(l.lua_dump(L, write, null, 1)).toBe(OK);
    const code = Buffer.concat(chunks);
    expect(code.subarray(0, 4)).toEqual(Buffer.from('\x1bLua'));
    l.lua_settop(L, 0);
    expect(l.luaL_loadbufferx(L, code, code.length, 'binary', 'b')).toBe(OK);
    l.lua_pushnumber(L, 0.1);
    expect(pcall(L, 1, MULTRET)).toBe(OK);
    expect(results()).toEqual(['žluť', 0.1]);
  });

  it('formats', () => {
    const text = l.lua_pushfstring(
      L,
      '%s %d %f %I %c %U %%',
      'x',
      -5,
      cast('double', 2),
      2n ** 62n,
      65,
      0x1f40e,
    );
    expect(text).toBe('x -5 2.0 4611686018427387904 A 🐎 %');
    expect(results()).toEqual([text]);
  });

  it('stops at each line', () => {
    const lines: unknown[] = [];
    const hook = callback(
      (state: AnyPointer, debug: Pointer<{ currentline: number; short_src: string; source: string }>) => {
        expect(l.lua_getinfo(state, 'Sl', debug)).toBe(1);
        const { currentline, short_src, source } = debug.value;
        lines.push([currentline, short_src, source]);
      },
      plugin.type('lua_Hook'),
    );
    callbacks.push(hook);
    l.lua_sethook(L, hook, MASKLINE, 0);
    evaluate('local x = 1\n\nx = x + 1');
    l.lua_sethook(L, null, 0, 0);
    const source = 'local x = 1\n\nx = x + 1';
    expect(lines).toEqual([1, 3].map((line) => [line, '[string "local x = 1..."]', source]));
  });

  it('allocates through JavaScript, which may say no', () => {
    const original = l.lua_getallocf(L, null);
    let bytes = 0;
    let limit = Infinity;
    // void *(*lua_Alloc)(void *, void *, size_t, size_t)
    const allocate = callback((user: unknown, block: unknown, old: bigint, size: bigint) => {
      const more = Number(size) - (block === null ? 0 : Number(old));
      if (more > 0 && bytes + more > limit) return null;
      bytes += more;
      return original(user, block, old, size);
    }, plugin.type('lua_Alloc'));
    callbacks.push(allocate);
    l.lua_setallocf(L, allocate, null);
    expect(evaluate('return #("x"):rep(100000)')).toEqual([100_000]);
    expect(bytes).toBeGreaterThan(100_000);
    limit = bytes + 50_000;
    expect(() => evaluate('return #("x"):rep(1000000)')).toThrow(`${ERRMEM}: not enough memory`);
    expect(bytes).toBeLessThanOrEqual(limit);
    limit = Infinity;
  });

  it('keeps JavaScript’s numbers in a userdata', () => {
    const memory = l.lua_newuserdatauv(L, 24, 0).cast('double (*)[3]') as Pointer<Float64Array>;
    memory.value.set([1, 2, 3]);
    l.lua_setglobal(L, 'vector');
    define('length', (state) => {
      const vector = l.lua_touserdata(state, 1).cast('double (*)[3]') as Pointer<Float64Array>;
      l.lua_pushnumber(state, Math.hypot(...vector.value));
      return 1;
    });
    expect(evaluate('collectgarbage(); return length(vector)')).toEqual([Math.hypot(1, 2, 3)]);
  });

  it('resumes coroutines', () => {
    const thread = l.lua_newthread(L);
    expect(l.luaL_loadstring(thread, 'local x = ...; for i = 1, 2 do x = coroutine.yield(x * i) end')).toBe(
      OK,
    );
    const count = plugin.alloc('int');
    const seen: unknown[] = [];
    let status = YIELD;
    for (let sent = 10; status === YIELD; sent += 10) {
      l.lua_pushinteger(thread, sent);
      status = l.lua_resume(thread, L, 1, count);
      seen.push([status, count.value, ...results(thread)]);
    }
    expect(seen).toEqual([
      [YIELD, 1, 10],
      [YIELD, 1, 40],
      [OK, 0],
    ]);
    results();
  });

  it('runs in the background, and calls JavaScript from there', async () => {
    define('double', (state) => (l.lua_pushinteger(state, l.lua_tointegerx(state, 1, null) * 2n), 1));
    expect(l.luaL_loadstring(L, 'local s = 0; for i = 1, 100 do s = s + double(i) end; return s')).toBe(OK);
    expect(await l.lua_pcallk.async(L, 0, MULTRET, 0, 0, null)).toBe(OK);
    expect(results()).toEqual([10_100]);
  });
});
