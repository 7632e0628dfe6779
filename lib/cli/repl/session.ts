import type { AsyncCompleter } from 'node:readline';
import { start, type REPLEval, type REPLServer } from 'node:repl';

import { findLibrary } from '../../elf/search.js';
import { messageOf } from '../../errors.js';
import { showResultsAsC } from '../../ffi/calls/shown-result.js';
import { callback, cast } from '../../ffi/calls/typed.js';
import { free } from '../../ffi/heap.js';
import { errno } from '../../ffi/state.js';
import { flushStreams } from '../../ffi/stdio.js';
import { addressOf, sizeOf, typeOf } from '../../ffi/values/reflect.js';
import { snapshot } from '../../ffi/values/snapshot.js';
import { open as openLibrary } from '../../plugin/open.js';
import type { OpenOptions } from '../../plugin/options.js';
import type { Type } from '../../ctypes/type.js';
import { libraryOf, type Plugin } from '../../plugin/plugin.js';
import { COMMANDS, loadCommand } from './commands.js';
import { Completion, forNode, limited, type Completed } from './completion.js';
import { Feed } from './feed.js';
import { keepHistory } from './history.js';
import { Scope } from './scope.js';
import { typeOfLine } from './static-type.js';
import { TypeNames } from './type-names.js';
import { show } from './show.js';

export interface SessionOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** How libraries are opened. */
  readonly open: OpenOptions;
}

/** What takes the lines instead of JavaScript, until it has what it needs: true as long as it wants more. */
export type Continuation = (line: string) => boolean;

/** A REPL of Node's with the symbols of libraries in scope. */
export class Session {
  readonly server: REPLServer;
  readonly scope: Scope;
  readonly options: OpenOptions;
  /** What is open, in the order of opening. */
  readonly plugins: Plugin[] = [];
  readonly typeNames = new TypeNames();
  /** Whether a person sits at it, who sees a prompt and edits lines. */
  readonly #interactive: boolean;
  #opened: Plugin | undefined;
  /** Whether a command has failed. */
  #failed = false;
  #continuation: Continuation | undefined;
  /** What was evaluated last. */
  #line = '';

  /** The prompt is there when this returns; `paths` are the libraries to open, whose errors are thrown before. */
  constructor(paths: readonly string[], { input, output, open }: SessionOptions) {
    this.options = open;
    showResultsAsC();
    this.#interactive = input.isTTY && output.isTTY;
    const plugins = paths.map((path) => openLibrary(path, open));
    // Node's REPL adds its modules to these (`path`, `url`), and C may have those names.
    this.scope = new Scope(globalThis);
    const colors = this.#interactive && output.hasColors();
    // The realm of this code, as in Node's own: values of another one would be strangers to it.
    const feed = this.#interactive ? undefined : new Feed();
    const server = start({
      input: feed?.input ?? input,
      output,
      prompt: '',
      terminal: this.#interactive,
      useColors: colors,
      useGlobal: true,
      ignoreUndefined: true,
      breakEvalOnSigint: true,
      // It would run C, and read debug info, at every key.
      preview: false,
      writer: (value: unknown) => {
        flushStreams();
        return show(value, colors, {
          names: () => this.scope.names(),
          type: () => typeOfLine(this.#line, (declaration) => this.type(declaration).type.ctype),
        });
      },
    });
    this.server = server;
    this.#defineHelpers();
    for (const plugin of plugins) this.use(plugin);
    for (const [name, { help, action }] of Object.entries(COMMANDS)) this.#define(name, help, action);
    const { load } = server.commands;
    const loadFile = loadCommand((file) => {
      load?.action.call(server, file);
    });
    this.#define('load', loadFile.help, loadFile.action);
    for (const name of ['break', 'clear'])
      this.#define(name, server.commands[name]?.help ?? '', (session) => {
        session.endReading();
      });
    this.#wrapEval();
    this.#wrapCompleter();
    if (feed === undefined) {
      // With a listener beside it Node's own watch for Ctrl-C is lost when a script is run: libuv then gives the signal back to the system (`uv__signal_unregister_handler`).
      process.removeAllListeners('SIGINT');
      keepHistory(server);
      // Before Node's own listener, which shows the prompt.
      server.prependListener('SIGINT', () => {
        this.endReading();
      });
      server.setPrompt('> ');
      server.displayPrompt();
      // A library may have threads and callbacks that live on.
      server.once('exit', () => process.exit());
    } else {
      // What is piped in is no conversation: as with a shell there is no prompt, and the exit code says whether all went well.
      server.displayPrompt = () => {
        feed.next();
      };
      // C up to an empty line is whole at the end of the input, too.
      server.once('exit', () => {
        this.#continue('');
        if (this.#continuation !== undefined)
          this.#fail(new Error('.c: the input ends before its brackets do'));
      });
      process.once('exit', () => {
        if (server.lastError !== undefined || this.#failed) process.exitCode = 1;
      });
      void feed.run(input);
    }
  }

  /** What `plugin` is: the library that was opened last. Throws if there is none. */
  get current(): Plugin {
    const plugin = this.#opened ?? this.plugins.at(-1);
    if (plugin === undefined) throw new Error('no library is open: .open PATH');
    return plugin;
  }

  /** The type that a C declaration means where all libraries have their names in scope, and the one whose it is. Throws what `plugin` says of it if none knows it. */
  type(declaration: string): { plugin: Plugin; type: Type } {
    const { current } = this;
    let refused: unknown;
    for (const plugin of [current, ...this.plugins.toReversed()]) {
      try {
        return { plugin, type: plugin.type(declaration) };
      } catch (error) {
        refused ??= error;
      }
    }
    throw refused;
  }

  /** Writes a line. */
  say(text: string): void {
    this.server.output.write(`${text}\n`);
  }

  /** Brings the symbols of a library into scope; those that are not, since others have their names. */
  add(plugin: Plugin): string[] {
    const known = this.plugins.indexOf(plugin);
    if (known >= 0) this.plugins.splice(known, 1);
    this.plugins.push(plugin);
    return this.scope.add(plugin);
  }

  /** Makes a library the one that `plugin` is, and says what it is. */
  use(plugin: Plugin): void {
    const taken = this.add(plugin);
    this.#opened = plugin;
    Object.assign(globalThis, { plugin });
    if (!this.#interactive) return;
    this.say(this.#summary(plugin));
    const [first] = taken;
    if (first === undefined) return;
    const names = taken.length > 8 ? `${taken.slice(0, 8).join(', ')} … (${taken.length})` : taken.join(', ');
    this.say(`JavaScript's or the session's own, not C's: ${names}; plugin.lookup('${first}') is C's`);
  }

  /** The following lines go to `continuation`, under a prompt that says so, until it is content. */
  read(continuation: Continuation): void {
    this.#continuation = continuation;
    if (this.#interactive) this.server.setPrompt('... ');
  }

  /** Lines are JavaScript again: what took them has all it wants, or was interrupted. */
  endReading(): void {
    this.#continuation = undefined;
    if (this.#interactive) this.server.setPrompt('> ');
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.say(messageOf(error));
  }

  #summary(plugin: Plugin): string {
    const count = [...libraryOf(plugin).symbols.exported()].length;
    const types = plugin.typeSource ?? 'no types: .load HEADER.h reads a header';
    return `${plugin.path}: ${count} symbols, ${types}`;
  }

  /** What a program imports, with the names of types that the open library has. */
  #defineHelpers(): void {
    const typed = (type: unknown): unknown =>
      typeof type === 'string' && this.plugins.length > 0 ? this.type(type).type : type;
    const helpers = {
      plugin: undefined,
      open: (path: string, options?: OpenOptions) => openLibrary(path, { ...this.options, ...options }),
      alloc: (type: string, init?: unknown) => this.type(type).plugin.alloc(type, init),
      malloc: (type: string, init?: unknown) => this.type(type).plugin.malloc(type, init),
      cast: (type: never, value: unknown) => cast(typed(type) as string, value),
      callback: (fn: never, type: never) => callback(fn, typed(type) as string),
      sizeOf: (x: unknown) => sizeOf(typed(x)),
      typeOf: (x: unknown) => typeOf(typed(x)),
      addressOf,
      snapshot,
      findLibrary,
      free,
      errno,
    };
    Object.assign(globalThis, helpers);
    this.scope.reserve([...Object.keys(helpers), 'module', 'exports', 'require']);
  }

  /** A command whose errors are a line of text. */
  #define(name: string, help: string, action: (session: Session, text: string) => void): void {
    this.server.defineCommand(name, {
      help,
      action: (text: string) => {
        this.server.clearBufferedCommand();
        try {
          action(this, text.trim());
        } catch (error) {
          this.#fail(error);
        }
        flushStreams();
        this.server.displayPrompt();
      },
    });
  }

  #wrapEval(): void {
    const evaluate = this.server.eval;
    const wrapped: REPLEval = (code, context, file, done) => {
      if (this.#continuation !== undefined) {
        this.#continue(code);
        done(null, undefined);
        return;
      }
      this.#line = code;
      this.scope.addConstants(code);
      evaluate.call(this.server, code, context, file, done);
      flushStreams();
    };
    Object.assign(this.server, { eval: wrapped });
  }

  /** What C does not know Node completes. */
  #wrapCompleter(): void {
    const completion = new Completion(this);
    const { completer } = this.server as unknown as { completer: AsyncCompleter };
    const wrapped: AsyncCompleter = (line, done) => {
      let found: Completed | undefined;
      try {
        found = completion.complete(line);
      } catch {
        // What is half typed may be wrong.
      }
      const rest = found === undefined ? forNode(line) : undefined;
      if (rest === undefined) done(null, limited(found ?? [[], line]));
      else
        completer.call(this.server, rest, (error, result) => {
          done(error, result && limited(result));
        });
    };
    Object.assign(this.server, { completer: wrapped });
  }

  #continue(line: string): void {
    let wantsMore = false;
    try {
      wantsMore = this.#continuation?.(line) ?? false;
    } catch (error) {
      this.#fail(error);
    }
    if (!wantsMore) this.endReading();
  }
}
