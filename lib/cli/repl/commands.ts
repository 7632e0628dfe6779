import { resolve } from 'node:path';

import { open } from '../../plugin/open.js';
import { libraryOf } from '../../plugin/plugin.js';
import { libraryPath } from '../command.js';
import { describeType, findSymbol } from './describe.js';
import { listSymbols } from './list.js';
import type { Session } from './session.js';
import { sourceLines } from './source.js';

/** Few sessions compile C, or read headers. */
const code = () => require('./c-code.js') as typeof import('./c-code.js');
const header = () => require('./header.js') as typeof import('./header.js');

export interface ReplCommand {
  readonly help: string;
  /** `text` is what stands behind the command. What it throws is shown. */
  readonly action: (session: Session, text: string) => void;
}

/** The commands of the REPL, besides Node's. */
export const COMMANDS: Readonly<Record<string, ReplCommand>> = {
  symbols: {
    help: 'List what the libraries export, as C declares it: .symbols get_*',
    action(session, pattern) {
      // A library that `.load` has opened again is listed once, with the types of the header.
      const libraries = new Map(session.plugins.map((plugin) => [plugin.path, libraryOf(plugin)]));
      const lines = [...libraries.values()].flatMap((library) => listSymbols(library, pattern));
      session.say(lines.length === 0 ? `no symbol's name has ${pattern}` : lines.join('\n'));
    },
  },
  type: {
    help: "Show the type of a symbol, or a type's definition with offsets: .type struct point",
    action(session, name) {
      if (name === '') throw new Error('of what? .type NAME');
      session.say(describeType(session, name));
    },
  },
  source: {
    help: 'Show where a symbol is declared, and the lines: .source NAME',
    action(session, name) {
      if (name === '') throw new Error('of what? .source NAME');
      const { plugin, symbol } = findSymbol(session, name);
      const place = libraryOf(plugin).declaredAt(symbol);
      if (place === undefined)
        throw new Error(`${name}: its source is not known (${plugin.typeSource ?? 'no types'})`);
      const snippet = code().snippetOf(plugin);
      if (snippet !== undefined) {
        session.say(snippet);
        return;
      }
      session.say(`${place.file}:${place.line}`);
      const lines = sourceLines(place);
      session.say(lines === undefined ? 'that file is not here' : lines.join('\n'));
    },
  },
  open: {
    help: 'Open another library and bring its symbols into scope: .open [--types FILE] PATH',
    action(session, text) {
      const [, first, path = text, last] =
        /^(?:--types[ =](\S+) +)?(.*?)(?: +--types[ =](\S+))?$/.exec(text) ?? [];
      if (path === '') throw new Error('what? .open PATH');
      const types = first ?? last;
      session.use(open(libraryPath(path), { ...session.options, ...(types === undefined ? {} : { types }) }));
    },
  },
  c: {
    help: 'Compile C, which may use the types and call the functions of what is open: .c int twice(int x) { return 2 * x; }',
    action(session, text) {
      code().compileInto(session, text);
    },
  },
};

/** Replaces Node's `.load`, which goes on to serve JavaScript. */
export function loadCommand(loadScript: (file: string) => void): ReplCommand {
  return {
    help: 'Take the types of a header (.h), or run the JavaScript of a file',
    action(session, file) {
      if (/\.h(?:pp|h)?>?$/.test(file)) header().loadHeader(session, file);
      else loadScript(resolve(file));
    },
  };
}
