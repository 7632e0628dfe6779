/**
 * SQLite, compiled from its amalgamation with `gcc -g` and driven with no declaration: every C type below comes from its debug information.
 *
 * Longer than other files: all of it speaks to one library through the few names below, which each part would have to say again.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { callback, cast, free, inspect, open, type AnyPointer, type Plugin, type Pointer } from '../index.js';
import { thrownBy } from '../testing/fixture.js';
import { disagreements, sourcesOf, sqlite } from '../testing/real-library.js';
import { describeWith, run } from '../testing/tools.js';

const LIBRARY = sqlite();

/** sqlite3.h has these as macros, which debug information does not hold. */
const [OK, ERROR, ABORT, INTERRUPT, MISUSE, ROW, DONE] = [0, 1, 4, 9, 21, 100, 101];
const [INTEGER, FLOAT, TEXT, BLOB, NULL] = [1, 2, 3, 4, 5];
const UTF8 = 1;
const UPDATES = { DELETE: 9, INSERT: 18, UPDATE: 23 };
const DBCONFIG_ENABLE_FKEY = 1002;

/** What TypeScript is told, and nobody else: the JavaScript type of the results. */
type Functions<Names extends string, Result> = Record<
  `sqlite3_${Names}`,
  ((...args: unknown[]) => Result) & { async: (...args: unknown[]) => Promise<Result> }
>;
type Sqlite = Functions<
  | 'bind_blob'
  | 'bind_double'
  | 'bind_int64'
  | 'bind_null'
  | 'bind_parameter_index'
  | 'bind_text'
  | 'close'
  | 'column_bytes'
  | 'column_double'
  | 'column_int'
  | 'column_type'
  | 'create_collation_v2'
  | 'create_function_v2'
  | 'create_module_v2'
  | 'db_config'
  | 'declare_vtab'
  | 'errcode'
  | 'exec'
  | 'finalize'
  | 'libversion_number'
  | 'open'
  | 'prepare_v2'
  | 'reset'
  | 'step'
  | 'value_double'
  | 'value_type',
  number
> &
  Functions<'column_int64' | 'memory_used' | 'value_int64', bigint> &
  Functions<'column_name' | 'errmsg' | 'libversion' | 'sourceid', string> &
  Functions<'aggregate_context' | 'column_blob' | 'column_text' | 'value_text', AnyPointer | null> &
  Functions<'mprintf' | 'snprintf', AnyPointer> &
  Functions<
    | 'free'
    | 'interrupt'
    | 'result_double'
    | 'result_error'
    | 'result_int'
    | 'result_int64'
    | 'result_text'
    | 'update_hook',
    void
  >;

/** A `char **`: strings, some of which may be NULL. */
type Strings = Pointer<AnyPointer | null>;

// One file, long as it is: all of it drives one database through the same helpers.
describeWith([LIBRARY, 'gcc', 'nm'], 'SQLite, compiled from its amalgamation', () => {
  let plugin: Plugin;
  let s: Sqlite;
  beforeAll(() => {
    plugin = open(LIBRARY);
    s = plugin.symbols as unknown as Sqlite;
  });
  /** SQLITE_TRANSIENT, `((sqlite3_destructor_type)-1)`: SQLite makes a copy of what it is given. */
  const TRANSIENT = cast('void (*)(void *)', -1);
  const define = (name: string): string | undefined =>
    new RegExp(`^#define ${name} +(.*)`, 'm').exec(
      readFileSync(join(sourcesOf(LIBRARY), 'sqlite3.h'), 'utf8'),
    )?.[1];

  let db: AnyPointer;
  let memory: bigint;
  beforeEach(() => {
    memory = s.sqlite3_memory_used();
    const out = plugin.alloc('struct sqlite3 *') as Pointer<AnyPointer>;
    expect(s.sqlite3_open(':memory:', out)).toBe(OK);
    db = out.value;
  });
  afterEach(() => {
    expect(s.sqlite3_close(db)).toBe(OK);
    expect(s.sqlite3_memory_used()).toBe(memory);
  });

  const textOf = (pointer: AnyPointer | null): string | null => pointer && pointer.cString();

  /** All rows, through `sqlite3_exec` with a JavaScript function for each row. */
  function query(sql: string): (string | null)[][] {
    const rows: (string | null)[][] = [];
    const row = (_: null, count: number, values: Strings): number => {
      rows.push(Array.from({ length: count }, (_, i) => textOf(values.at(i))));
      return 0;
    };
    if (s.sqlite3_exec(db, sql, row, null, null) !== OK) throw new Error(s.sqlite3_errmsg(db));
    return rows;
  }

  function prepare(sql: string): AnyPointer {
    const out = plugin.alloc('sqlite3_stmt *') as Pointer<AnyPointer>;
    if (s.sqlite3_prepare_v2(db, sql, -1, out, null) !== OK) throw new Error(s.sqlite3_errmsg(db));
    return out.value;
  }

  describe('its listing', () => {
    it('has what nm lists, with a type each', () => {
      const listed = run('nm', ['-D', '--defined-only', '--format=posix', LIBRARY]).match(/^\S+/gm);
      const { symbols } = inspect(LIBRARY);
      expect(symbols.map((x) => x.name).sort()).toEqual(listed?.sort());
      expect(symbols.filter((x) => x.type === undefined)).toEqual([]);
      expect(symbols.length).toBeGreaterThan(270);
    });

    it('has the types that sqlite3.h declares, as gcc sees it', () => {
      // Of sqlite3.c alone.
      const own =
        'typedef sqlite3_str StrAccum; typedef sqlite3_int64 i64; typedef sqlite3_uint64 u64; typedef unsigned u32;';
      const headers = `#include "sqlite3.h"\n${own}`;
      const flags = ['-I', sourcesOf(LIBRARY)];
      expect(disagreements(LIBRARY, headers, flags)).toBe('');
      const wrong = `${headers}\nextern long sqlite3_step(sqlite3_stmt *);`;
      expect(disagreements(LIBRARY, wrong, flags)).toMatch(/conflicting types for .sqlite3_step/);
    });
  });

  it('is this SQLite, and not one inside Node', () => {
    const header = [define('SQLITE_VERSION'), define('SQLITE_SOURCE_ID'), define('SQLITE_VERSION_NUMBER')];
    expect([s.sqlite3_libversion(), s.sqlite3_sourceid()].map((x) => `"${x}"`)).toEqual(header.slice(0, 2));
    expect(s.sqlite3_libversion_number()).toBe(Number(header[2]));
    expect(`"${String(plugin.lookup('sqlite3_version').value)}"`).toBe(header[0]);
  });

  it('knows its numbers', () => {
    const numbers = { OK, ERROR, ABORT, INTERRUPT, MISUSE, ROW, DONE, INTEGER, FLOAT, BLOB, NULL, UTF8 };
    const all = { ...numbers, ...UPDATES, DBCONFIG_ENABLE_FKEY };
    for (const [name, value] of Object.entries(all)) {
      expect(`${name} ${Number.parseInt(define(`SQLITE_${name}`) ?? '')}`).toBe(`${name} ${value}`);
    }
  });

  describe('sqlite3_exec', () => {
    it('calls a JavaScript function with each row', () => {
      expect(query('create table t (id integer primary key, name text, ratio)')).toEqual([]);
      expect(query(`insert into t (name, ratio) values ('Ada', 0.5), ('žluťoučký 🐎', null)`)).toEqual([]);
      const seen: unknown[] = [];
      const row = (argument: AnyPointer, count: number, values: Strings, names: Strings): number => {
        seen.push(argument.cast('int *').value);
        for (let i = 0; i < count; i++) seen.push([textOf(names.at(i)), textOf(values.at(i))]);
        return 0;
      };
      const argument = plugin.alloc('int', 42);
      expect(s.sqlite3_exec(db, 'select * from t order by id', row, argument, null)).toBe(OK);
      expect(seen).toEqual([
        42,
        ['id', '1'],
        ['name', 'Ada'],
        ['ratio', '0.5'],
        42,
        ['id', '2'],
        ['name', 'žluťoučký 🐎'],
        ['ratio', null],
      ]);
    });

    it('hands out an error message, which is given back with sqlite3_free', () => {
      const message = plugin.alloc('char *') as Pointer<AnyPointer | null>;
      expect(s.sqlite3_exec(db, 'selec 1', null, null, message)).toBe(ERROR);
      expect(String(message.value)).toBe('near "selec": syntax error');
      expect(s.sqlite3_errmsg(db)).toBe('near "selec": syntax error');
      s.sqlite3_free(message.value);
      expect(s.sqlite3_exec(db, 'select 1', null, null, message)).toBe(OK);
      expect(message.value).toBeNull();
    });

    it('stops when the function says so', () => {
      let rows = 0;
      const message = plugin.alloc('char *') as Pointer<AnyPointer>;
      const sql = 'select 1 union all select 2 union all select 3';
      expect(s.sqlite3_exec(db, sql, () => (++rows === 2 ? 1 : 0), null, message)).toBe(ABORT);
      expect(rows).toBe(2);
      expect(String(message.value)).toBe('query aborted');
      s.sqlite3_free(message.value);
    });

    it('passes on what the function throws, once it has returned', () => {
      const thrown = new Error('from the row');
      let rows = 0;
      const row = (): number => {
        rows++;
        throw thrown;
      };
      let caught: unknown;
      try {
        s.sqlite3_exec(db, 'select 1 union all select 2; create table after_all (x)', row, null, null);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
      // C was told 0, which is to go on: it did, and the function was not called again.
      expect(rows).toBe(1);
      expect(query('select name from sqlite_schema')).toEqual([['after_all']]);
    });

    it('refuses a result that is no int, in the same way', () => {
      const error = thrownBy(() => s.sqlite3_exec(db, 'select 1', () => 'no', null, null));
      expect(error.name).toBe('TypeError');
      expect(error.message).toContain('expected a number for int, got the string "no"');
      expect(thrownBy(() => s.sqlite3_exec(db, 'select 1', () => undefined, null, null)).message).toContain(
        'got undefined',
      );
    });

    it('can be called again from the function', () => {
      query('create table t (n)');
      query('insert into t values (1), (2)');
      const outer = (_: null, __: number, values: Strings): number => {
        query(`insert into t select ${textOf(values.at(0)) ?? ''} * 10`);
        return 0;
      };
      expect(s.sqlite3_exec(db, 'select n from (select n from t limit 2)', outer, null, null)).toBe(OK);
      expect(query('select n from t')).toEqual([['1'], ['2'], ['10'], ['20']]);
    });
  });

  describe('a prepared statement', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);

    it('takes and gives integers, numbers, text, blobs and NULL', () => {
      const statement = prepare('select :i, :d, :t, :b, :n, typeof(:b), hex(:b), length(:t)');
      const index = (name: string): number => s.sqlite3_bind_parameter_index(statement, name);
      expect(['i', 'd', 't', 'b', 'n', 'x'].map((n) => index(`:${n}`))).toEqual([1, 2, 3, 4, 5, 0]);
      expect(s.sqlite3_bind_int64(statement, 1, -(2n ** 63n))).toBe(OK);
      expect(s.sqlite3_bind_double(statement, 2, Math.PI)).toBe(OK);
      expect(s.sqlite3_bind_text(statement, 3, 'žluťoučký 🐎', -1, TRANSIENT)).toBe(OK);
      expect(s.sqlite3_bind_blob(statement, 4, bytes, bytes.length, TRANSIENT)).toBe(OK);
      expect(s.sqlite3_bind_null(statement, 5)).toBe(OK);
      expect(s.sqlite3_step(statement)).toBe(ROW);
      const types = [0, 1, 2, 3, 4].map((i) => s.sqlite3_column_type(statement, i));
      expect(types).toEqual([INTEGER, FLOAT, TEXT, BLOB, NULL]);
      expect(s.sqlite3_column_name(statement, 5)).toBe('typeof(:b)');
      expect(s.sqlite3_column_int64(statement, 0)).toBe(-(2n ** 63n));
      expect(s.sqlite3_column_double(statement, 1)).toBe(Math.PI);
      expect(textOf(s.sqlite3_column_text(statement, 2))).toBe('žluťoučký 🐎');
      expect(s.sqlite3_column_bytes(statement, 2)).toBe(Buffer.byteLength('žluťoučký 🐎'));
      expect(s.sqlite3_column_bytes(statement, 3)).toBe(256);
      const blob = s.sqlite3_column_blob(statement, 3)?.cast('const unsigned char *').view(256);
      expect(Uint8Array.from(blob as Uint8Array)).toEqual(bytes);
      expect(s.sqlite3_column_blob(statement, 4)).toBeNull();
      const texts = [5, 6, 7].map((i) => textOf(s.sqlite3_column_text(statement, i)));
      expect(texts).toEqual(['blob', Buffer.from(bytes).toString('hex').toUpperCase(), '11']);
      expect(s.sqlite3_step(statement)).toBe(DONE);
      expect(s.sqlite3_finalize(statement)).toBe(OK);
    });

    it('takes text with a NUL inside as bytes, and none as a string', () => {
      const statement = prepare('select ?, length(cast(?1 as blob))');
      const error = thrownBy(() => s.sqlite3_bind_text(statement, 1, 'a\0b', -1, TRANSIENT));
      expect(error.message).toMatch(/^int sqlite3_bind_text\(.*\): argument 3 \(zData\)/);
      expect(s.sqlite3_bind_text(statement, 1, Buffer.from('a\0b'), 3, TRANSIENT)).toBe(OK);
      expect(s.sqlite3_step(statement)).toBe(ROW);
      const view = s.sqlite3_column_text(statement, 0)?.view(s.sqlite3_column_bytes(statement, 0));
      expect(Buffer.from(view as Uint8Array).toString()).toBe('a\0b');
      expect(s.sqlite3_column_int(statement, 1)).toBe(3);
      expect(s.sqlite3_finalize(statement)).toBe(OK);
    });

    it('takes memory that it shall not copy, and calls the destructor when it is done with it', () => {
      const statement = prepare('select ?');
      const released: bigint[] = [];
      using destructor = callback((p: AnyPointer) => void released.push(p.address), 'void (void *)');
      const bytes = plugin.alloc('unsigned char[4]', [1, 2, 3, 4]) as Pointer<Uint8Array>;
      expect(s.sqlite3_bind_blob(statement, 1, bytes, 4, destructor)).toBe(OK);
      expect(s.sqlite3_step(statement)).toBe(ROW);
      expect(s.sqlite3_column_blob(statement, 0)?.address).toBe(bytes.address);
      expect(released).toEqual([]);
      expect(s.sqlite3_finalize(statement)).toBe(OK);
      expect(released).toEqual([bytes.address]);
    });

    it('inserts many rows', () => {
      query('create table t (i integer primary key, square)');
      query('begin');
      const statement = prepare('insert into t values (?, ?)');
      for (let i = 1; i <= 2000; i++) {
        s.sqlite3_bind_int64(statement, 1, i);
        s.sqlite3_bind_double(statement, 2, i * i);
        if (s.sqlite3_step(statement) !== DONE) throw new Error(s.sqlite3_errmsg(db));
        s.sqlite3_reset(statement);
      }
      expect(s.sqlite3_finalize(statement)).toBe(OK);
      query('commit');
      expect(query('select count(*), sum(i), cast(sum(square) as integer) from t')).toEqual([
        ['2000', '2001000', '2668667000'],
      ]);
    });

    it('says what is wrong', () => {
      expect(thrownBy(() => prepare('select missing')).message).toBe('no such column: missing');
      expect(s.sqlite3_errcode(db)).toBe(ERROR);
      query('create table t (x unique)');
      query('insert into t values (1)');
      const statement = prepare('insert into t values (1)');
      expect(s.sqlite3_step(statement)).toBe(19); // SQLITE_CONSTRAINT
      expect(s.sqlite3_errmsg(db)).toBe('UNIQUE constraint failed: t.x');
      s.sqlite3_finalize(statement);
      // A number is no statement; nothing was called.
      expect(thrownBy(() => s.sqlite3_step(4096)).message).toMatch(/^int sqlite3_step\(.*argument 1/);
      expect(s.sqlite3_step(null)).toBe(MISUSE);
    });

    it('gives integers as numbers where the plugin is opened so', () => {
      const numbers = open(LIBRARY, { int64: 'number' }).symbols as unknown as Functions<
        'column_int64',
        number
      >;
      const statement = prepare('select 9007199254740991, 9007199254740993');
      expect(s.sqlite3_step(statement)).toBe(ROW);
      expect(numbers.sqlite3_column_int64(statement, 0)).toBe(Number.MAX_SAFE_INTEGER);
      expect(thrownBy(() => numbers.sqlite3_column_int64(statement, 1)).code).toBe('ERR_OUT_OF_RANGE');
      expect(s.sqlite3_finalize(statement)).toBe(OK);
    });
  });

  describe('functions in JavaScript', () => {
    type Arguments = Pointer<AnyPointer>;
    const scalar = (fn: (context: AnyPointer, count: number, values: Arguments) => void): Disposable =>
      callback(fn, plugin.type('void (*)(sqlite3_context *, int, sqlite3_value **)'));

    it('computes a scalar, of numbers and of text', () => {
      using reverse = scalar((context, count, values) => {
        const text = textOf(s.sqlite3_value_text(values.at(0))) ?? '';
        const times = count > 1 ? Number(s.sqlite3_value_int64(values.at(1))) : 1;
        s.sqlite3_result_text(context, Array.from(text).reverse().join('').repeat(times), -1, TRANSIENT);
      });
      using hypot = scalar((context, count, values) => {
        const legs = Array.from({ length: count }, (_, i) => s.sqlite3_value_double(values.at(i)));
        s.sqlite3_result_double(context, Math.hypot(...legs));
      });
      const define = (name: string, fn: Disposable): number =>
        s.sqlite3_create_function_v2(db, name, -1, UTF8, null, fn, null, null, null);
      expect([define('reverse', reverse), define('hypot', hypot)]).toEqual([OK, OK]);
      expect(query(`select reverse('Ada 🐎'), reverse('ab', 3), hypot(3, 4), hypot(0.5)`)).toEqual([
        ['🐎 adA', 'bababa', '5.0', '0.5'],
      ]);
      // While SQLite calls it, JavaScript calls SQLite.
      query('create table t (w text)');
      query(`insert into t values ('one'), ('two'), ('three')`);
      expect(query('select group_concat(reverse(w), hypot(3, 4)) from t')).toEqual([['eno5.0owt5.0eerht']]);
    });

    it('reports an error, and passes on what it throws', () => {
      using picky = scalar((context, _, values) => {
        const type = s.sqlite3_value_type(values.at(0));
        if (type === BLOB) throw new RangeError('no blobs');
        if (type === INTEGER) s.sqlite3_result_int64(context, s.sqlite3_value_int64(values.at(0)) * 2n);
        else s.sqlite3_result_error(context, 'an integer, please', -1);
      });
      expect(s.sqlite3_create_function_v2(db, 'picky', 1, UTF8, null, picky, null, null, null)).toBe(OK);
      expect(query('select picky(4611686018427387903)')).toEqual([['9223372036854775806']]);
      expect(s.sqlite3_exec(db, `select picky('x')`, null, null, null)).toBe(ERROR);
      expect(s.sqlite3_errmsg(db)).toBe('an integer, please');
      const statement = prepare(`select picky(x'00')`);
      expect(thrownBy(() => s.sqlite3_step(statement))).toMatchObject({
        name: 'RangeError',
        message: 'no blobs',
      });
      expect(s.sqlite3_finalize(statement)).toBe(OK);
    });

    it('computes an aggregate, with its state in SQLite’s memory', () => {
      const state = (context: AnyPointer, size: number): Pointer<Float64Array> =>
        s.sqlite3_aggregate_context(context, size)?.cast('double (*)[2]') as Pointer<Float64Array>;
      using step = scalar((context, _, values) => {
        const sums = state(context, 16).value;
        sums[0] = (sums[0] ?? 0) + Math.log(s.sqlite3_value_double(values.at(0)));
        sums[1] = (sums[1] ?? 0) + 1;
      });
      using final = callback((context: AnyPointer) => {
        const [sum = 0, count = 0] = state(context, 16).value;
        s.sqlite3_result_double(context, Math.exp(sum / count));
      }, plugin.type('void (*)(sqlite3_context *)'));
      const destroyed: unknown[] = [];
      using destroy = callback(
        (p: AnyPointer) => void destroyed.push(p.cast('int *').value),
        'void (void *)',
      );
      const user = plugin.alloc('int', 7);
      const defined = s.sqlite3_create_function_v2(db, 'geomean', 1, UTF8, user, null, step, final, destroy);
      expect(defined).toBe(OK);
      query('create table t (g, x)');
      query(`insert into t values ('a', 2), ('a', 8), ('b', 1), ('b', 10), ('b', 100)`);
      expect(query('select g, round(geomean(x), 9) from t group by g')).toEqual([
        ['a', '4.0'],
        ['b', '10.0'],
      ]);
      const again = [db, 'geomean', 1, UTF8, null, null, null, null, null];
      expect(s.sqlite3_create_function_v2(...again)).toBe(OK);
      expect(destroyed).toEqual([user.value]);
    });

    it('compares text', () => {
      const view = (p: AnyPointer, length: number): string =>
        Buffer.from(p.cast('const unsigned char *').view(length) as Uint8Array).toString();
      using compare = callback(
        (_: null, n: number, a: AnyPointer, m: number, b: AnyPointer) =>
          view(a, n).localeCompare(view(b, m), 'en', { numeric: true }),
        'int (void *, int, const void *, int, const void *)',
      );
      expect(s.sqlite3_create_collation_v2(db, 'numeric_order', UTF8, null, compare, null)).toBe(OK);
      const values = `select 'v10' as v union all select 'v9' union all select 'v100'`;
      expect(query(`select v from (${values}) order by v collate numeric_order`).flat()).toEqual([
        'v9',
        'v10',
        'v100',
      ]);
      // Not after it is gone.
      expect(s.sqlite3_create_collation_v2(db, 'numeric_order', UTF8, null, null, null)).toBe(OK);
    });

    it('hears of changes', () => {
      const seen: unknown[] = [];
      using hook = callback(
        (_: null, what: number, database: string, table: string, row: bigint) =>
          void seen.push([what, database, table, row]),
        plugin.type('void (*)(void *, int, const char *, const char *, sqlite3_int64)'),
      );
      s.sqlite3_update_hook(db, hook, null);
      query('create table t (x)');
      query('insert into t (rowid, x) values (4294967296, 1)');
      query('update t set x = 2');
      query('delete from t where x = 2');
      s.sqlite3_update_hook(db, null, null);
      expect(seen).toEqual(
        [UPDATES.INSERT, UPDATES.UPDATE, UPDATES.DELETE].map((what) => [what, 'main', 't', 4294967296n]),
      );
    });

    it('is a table', () => {
      // C's struct sqlite3_module, its fields JavaScript functions that live as long as its memory. SQLite extends what xConnect and xOpen
      // allocate, and gives it back to xDisconnect and xClose.
      const words = ['alpha', 'beta', 'gamma', 'delta'];
      const at = new Map<bigint, number>();
      const next = (cursor: AnyPointer): number => at.get(cursor.address) ?? 0;
      const closed: string[] = [];
      const module = plugin.alloc('struct sqlite3_module', {
        xConnect: (d: AnyPointer, _: unknown, __: number, ___: unknown, table: Pointer) => {
          table.value = plugin.malloc('sqlite3_vtab');
          return s.sqlite3_declare_vtab(d, 'create table x (n int, word text)');
        },
        xBestIndex: (_: unknown, info: Pointer<{ estimatedCost: number }>) => {
          info.value.estimatedCost = words.length;
          return OK;
        },
        xDisconnect: (table: Pointer) => {
          free(table);
          closed.push('table');
          return OK;
        },
        xOpen: (_: unknown, cursor: Pointer<AnyPointer>) => {
          cursor.value = plugin.malloc('sqlite3_vtab_cursor');
          return OK;
        },
        xClose: (cursor: Pointer) => {
          free(cursor);
          closed.push('cursor');
          return OK;
        },
        xFilter: (cursor: AnyPointer) => (at.set(cursor.address, 0), OK),
        xNext: (cursor: AnyPointer) => (at.set(cursor.address, next(cursor) + 1), OK),
        xEof: (cursor: AnyPointer) => (next(cursor) < words.length ? 0 : 1),
        xColumn: (cursor: AnyPointer, context: AnyPointer, column: number) => {
          if (column === 0) s.sqlite3_result_int(context, next(cursor));
          else s.sqlite3_result_text(context, words[next(cursor)], -1, TRANSIENT);
          return OK;
        },
        xRowid: (cursor: AnyPointer, out: Pointer<bigint>) => ((out.value = BigInt(next(cursor))), OK),
      });
      expect(s.sqlite3_create_module_v2(db, 'words', module, null, null)).toBe(OK);
      expect(query('select n, word from words where n > 0 order by word desc')).toEqual([
        ['2', 'gamma'],
        ['3', 'delta'],
        ['1', 'beta'],
      ]);
      expect(closed).toEqual(['cursor']);
      expect(s.sqlite3_close(db)).toBe(OK);
      expect(closed).toEqual(['cursor', 'table']);
      // Until here SQLite used it.
      expect(module.type.size).toBeGreaterThan(0);
      const out = plugin.alloc('struct sqlite3 *') as Pointer<AnyPointer>;
      expect(s.sqlite3_open(':memory:', out)).toBe(OK);
      db = out.value;
    });
  });

  describe('variadic functions', () => {
    it('formats', () => {
      const text = s.sqlite3_mprintf('%d|%s|%Q|%.3f|%lld|%c', 5, 'x', "it's", 2 / 3, 2n ** 62n, 0x41);
      expect(textOf(text)).toBe("5|x|'it''s'|0.667|4611686018427387904|A");
      s.sqlite3_free(text);
      const buffer = Buffer.alloc(8, 0xff);
      s.sqlite3_snprintf(7, buffer, '%s', 'a long text');
      expect(buffer.toString('latin1')).toBe('a long\0\xff');
    });

    it('has an out-parameter among them', () => {
      const now = plugin.alloc('int', -1);
      expect(s.sqlite3_db_config(db, DBCONFIG_ENABLE_FKEY, 1, now)).toBe(OK);
      expect(now.value).toBe(1);
      expect(s.sqlite3_db_config(db, DBCONFIG_ENABLE_FKEY, 0, now)).toBe(OK);
      expect(now.value).toBe(0);
    });
  });

  describe('in the background', () => {
    const endless = 'with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n';

    it('runs a statement, until it is interrupted', async () => {
      const statement = prepare(endless);
      const result = s.sqlite3_step.async(statement);
      let ticks = 0;
      const timer = setInterval(() => {
        // Before it has started there is nothing to interrupt: again, then.
        if (++ticks >= 3) s.sqlite3_interrupt(db);
      }, 10);
      expect(await result).toBe(INTERRUPT);
      clearInterval(timer);
      expect(ticks).toBeGreaterThanOrEqual(3);
      expect(s.sqlite3_finalize(statement)).toBe(INTERRUPT);
    });

    it('calls JavaScript for each row', async () => {
      const rows: unknown[] = [];
      const row = (_: null, __: number, values: Strings): number => {
        rows.push(textOf(values.at(0)));
        return 0;
      };
      expect(await s.sqlite3_exec.async(db, `select 1 union all select 'two'`, row, null, null)).toBe(OK);
      expect(rows).toEqual(['1', 'two']);
      const thrown = new Error('from a row');
      const fails = (): number => {
        throw thrown;
      };
      await expect(s.sqlite3_exec.async(db, 'select 1', fails, null, null)).rejects.toBe(thrown);
    });
  });
});
