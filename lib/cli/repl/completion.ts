import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';

import { bare } from '../../ctypes/model.js';
import type { TypeKeyword } from '../../ctypes/type-source.js';
import { libraryOf, Plugin } from '../../plugin/plugin.js';
import { chainAt, openQuote } from './chain.js';
import type { Session } from './session.js';
import { knownOf, membersOf } from './static-type.js';

/** What Tab puts in place of the end of a line: the words that fit, and that end. */
export type Completed = [string[], string];

/** Words that types are made of, besides the library's own. */
const TYPE_WORDS =
  'void char short int long float double signed unsigned const volatile struct union enum _Bool size_t ssize_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t'.split(
    ' ',
  );

/** More are not shown at once. */
const MAX_SHOWN = 200;

/** What Tab knows of C; undefined where it is JavaScript's business. */
export class Completion {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  complete(line: string): Completed | undefined {
    const command = /^\s*\.(\w+)\s+(.*)$/.exec(line);
    if (command !== null) return this.#ofCommand(command[1] ?? '', command[2] ?? '');
    const quote = openQuote(line);
    if (quote !== undefined) return this.#inText(line.slice(0, quote - 1), line.slice(quote));
    const chain = chainAt(line);
    if (chain?.partial === undefined) {
      // Enumerators are in scope from now on.
      this.#session.scope.readConstants();
      return undefined;
    }
    const known = knownOf(chain, (declaration) => this.#session.type(declaration).type.ctype);
    const members = known === undefined ? undefined : membersOf(known);
    return members && fitting(members, chain.partial);
  }

  #ofCommand(command: string, text: string): Completed | undefined {
    switch (command) {
      case 'symbols':
      case 'source':
        return fitting(this.#symbols(), text);
      case 'type':
        return /\s/.test(text)
          ? this.#typeWords(text)
          : merged(fitting(this.#symbols(), text), this.#typeWords(text));
      case 'open':
      case 'load':
        return paths(text);
      case 'c': {
        const word = /[A-Za-z_]\w*$/.exec(text)?.[0] ?? '';
        return word === '' ? undefined : merged(fitting(this.#symbols(), word), this.#typeWords(text));
      }
      default:
        return undefined;
    }
  }

  /** Within quotes: what the call that they stand in takes. */
  #inText(before: string, text: string): Completed | undefined {
    if (/\.lookup\(\s*$/.test(before)) return fitting(this.#symbols(this.#receiver(before)), text);
    if (/\.lookup\(\s*(['"`])[^'"`]*\1\s*,\s*$/.test(before)) return this.#typeWords(text);
    if (/\b(?:alloc|malloc|cast|type|typeOf|sizeOf)\(\s*$|\bcallback\(.*,\s*$/.test(before))
      return this.#typeWords(text);
    if (/\bopen\(\s*$/.test(before)) return paths(text);
    const assigned = /^(.*?)\s*(?:[=!]==?|=)\s*$/.exec(before)?.[1];
    const view = /\baddressOf\((.*),\s*$/.exec(before)?.[1];
    const chain = chainAt(`${view ?? assigned ?? ''}${view === undefined ? '' : '.'}`);
    if (chain === undefined) return undefined;
    const whole = view ?? (assigned === undefined ? undefined : assigned);
    if (whole === undefined) return undefined;
    const known = this.#knownOf(whole);
    if (known === undefined || !('type' in known)) return undefined;
    const type = bare(known.type);
    if (view !== undefined) return fitting(membersOf(known) ?? [], text);
    return type.kind === 'enum'
      ? fitting(
          type.enumerators.map((e) => e.name),
          text,
        )
      : undefined;
  }

  /** What an expression is, as C says it. */
  #knownOf(expression: string): ReturnType<typeof knownOf> {
    // Its last name is a step, too.
    const chain = chainAt(`${expression}.`);
    return chain && knownOf(chain, (declaration) => this.#session.type(declaration).type.ctype);
  }

  /** The plugin in front of `.lookup(`. */
  #receiver(before: string): readonly Plugin[] {
    const known = this.#knownOf(before.replace(/\.lookup\(\s*$/, ''));
    return known !== undefined && 'plugin' in known ? [known.plugin] : this.#session.plugins;
  }

  #symbols(plugins: readonly Plugin[] = this.#session.plugins): string[] {
    return plugins.flatMap((plugin) => Array.from(libraryOf(plugin).symbols.exported(), (s) => s.name));
  }

  /** The last word of a type, or of C. */
  #typeWords(text: string): Completed {
    const [, keyword, word = ''] = /(?:\b(struct|union|enum)\s+)?(\w*)$/.exec(text) ?? [];
    const kind = (keyword as TypeKeyword | undefined) ?? 'typedef';
    const names = this.#session.plugins.flatMap((plugin) => [...this.#session.typeNames.of(plugin, kind)]);
    return fitting(keyword === undefined ? [...TYPE_WORDS, ...names] : names, word);
  }
}

function merged(a: Completed, b: Completed): Completed {
  return a[1] === b[1] ? [[...new Set([...a[0], ...b[0]])], a[1]] : b;
}

/** The names that begin with what was typed, sorted. */
function fitting(names: Iterable<string>, typed: string): Completed {
  const found = new Set<string>();
  for (const name of names) if (name.startsWith(typed)) found.add(name);
  return [[...found].sort(), typed];
}

/** Files and folders. */
function paths(text: string): Completed {
  const folder = text.slice(0, text.lastIndexOf('/') + 1);
  const place = folder.replace(/^~(?=\/)/, homedir());
  try {
    const entries = readdirSync(place === '' ? '.' : place, { withFileTypes: true });
    return fitting(
      entries.map((e) => folder + e.name + (e.isDirectory() ? '/' : '')),
      text,
    );
  } catch {
    return [[], text];
  }
}

/**
 * The end of a line that is given to Node, which evaluates what is in front of a dot: names, members, elements by number. Undefined where there is a call, which
 * Tab is not to make. Without what is before, since Node takes `f(na` for one word.
 */
export function forNode(line: string): string | undefined {
  if (openQuote(line) !== undefined || /^\s*\.\w*$/.test(line)) return line;
  const plain = /[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*|\[\d+\])*(?:\??\.)?$/.exec(line);
  const isMember = /(?:^|[^.])\.\s*$/.test(plain === null ? '' : line.slice(0, plain.index));
  if (plain !== null && !isMember) return plain[0];
  return /\.\s*[\w$]*$/.test(line) && /[(`]/.test(line) ? undefined : line;
}

/** Not more than a screen takes. What they all begin with is completed in any case. */
export function limited([names, typed]: Completed): Completed {
  const words = names.filter((name) => name !== '');
  if (words.length <= MAX_SHOWN) return [names, typed];
  const [first = ''] = words;
  let length = first.length;
  for (const word of words) while (!word.startsWith(first.slice(0, length))) length--;
  if (length > typed.length) return [[first.slice(0, length)], typed];
  return [[...words.slice(0, MAX_SHOWN), `… and ${words.length - MAX_SHOWN} more`], typed];
}
