import { typeError } from '../../errors.js';
import type { Constants } from '../../library/constants.js';
import { Pointer } from '../../ffi/values/pointer.js';
import { libraryOf, type Plugin } from '../../plugin/plugin.js';

/** What a JavaScript program can use as a name. The words of the language are no symbols' names in C, or few. */
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Words that can't be a name in JavaScript, and may be one in C (ECMA-262 §12.7.2), and the names of the last value and the last error. */
const RESERVED =
  'await catch class debugger delete export extends false finally function import in instanceof let new null super this throw true try typeof var with yield _ _error'.split(
    ' ',
  );

/** What a name in scope stands for. */
type Named = { readonly plugin: Plugin } | { readonly constant: string | number | bigint };

/**
 * The global names of a session. A symbol is in scope by its name, looked up when it is touched; one that JavaScript or the session has a name for
 * (`Array`, `open`) is not, since everybody's code relies on those. Of two libraries with one name the one that was opened last has it.
 */
export class Scope {
  readonly #global: object;
  /** Names that stay what they are. */
  readonly #taken: Set<string>;
  readonly #reserved = new Set<string>();
  readonly #names = new Map<string, Named>();
  /** Libraries whose constants have not been looked at. */
  #unread: Plugin[] = [];

  constructor(global: object) {
    this.#global = global;
    const own = Object.getOwnPropertyNames(global);
    this.#taken = new Set([...own, ...Object.getOwnPropertyNames(Object.prototype), ...RESERVED]);
  }

  /** Keeps names for the session. */
  reserve(names: Iterable<string>): void {
    for (const name of names) {
      this.#taken.add(name);
      this.#reserved.add(name);
    }
  }

  /** The names that are not JavaScript's: those of C, and what is kept for the session. */
  names(): string[] {
    this.readConstants();
    return [...this.#names.keys(), ...this.#reserved];
  }

  /** The value of a constant of C. */
  constant(name: string): string | number | bigint | undefined {
    this.readConstants();
    const named = this.#names.get(name);
    return named !== undefined && 'constant' in named ? named.constant : undefined;
  }

  /** Brings the symbols of a library into scope; the names that are taken. */
  add(plugin: Plugin): string[] {
    const taken: string[] = [];
    for (const { name } of libraryOf(plugin).symbols.exported()) {
      if (!IDENTIFIER.test(name)) continue;
      if (this.#taken.has(name)) taken.push(name);
      else this.#define(name, { plugin });
    }
    this.#unread.push(plugin);
    return taken;
  }

  /** Brings the constants into scope that `code` names. They are read when it has a name that nothing else has. */
  addConstants(code: string): void {
    if (this.#unread.length === 0) return;
    const unknown = (code.match(/[A-Za-z_$][\w$]*/g) ?? []).some((name) => !(name in this.#global));
    if (unknown) this.readConstants();
  }

  /** Brings all constants into scope: enumerators, and the macros of a types file. */
  readConstants(): void {
    for (const plugin of this.#unread.splice(0)) {
      let constants: Constants;
      try {
        constants = plugin.constants;
      } catch {
        // Corrupt debug info: whoever asks for them is told.
        continue;
      }
      for (const [name, constant] of Object.entries(constants)) {
        const known = this.#names.get(name);
        if (IDENTIFIER.test(name) && !this.#taken.has(name) && (known === undefined || 'constant' in known))
          this.#define(name, { constant });
      }
    }
  }

  #define(name: string, named: Named): void {
    this.#names.set(name, named);
    Object.defineProperty(this.#global, name, {
      configurable: true,
      get: () => ('plugin' in named ? named.plugin.lookup<unknown>(name) : named.constant),
      set: (value: unknown) => {
        throw typeError('ERR_INVALID_ARG_VALUE', refusal(name, named, value));
      },
    });
  }
}

function refusal(name: string, named: Named, value: unknown): string {
  const other = `const ${name} = … hides it`;
  if ('constant' in named) return `${name} is a constant of C; ${other}`;
  if (!(named.plugin.lookup<unknown>(name) instanceof Pointer)) return `${name} is a function of C; ${other}`;
  const said = typeof value === 'number' || typeof value === 'bigint' ? String(value) : '…';
  return `${name} is a variable of C: ${name}.value = ${said} sets it; ${other}`;
}
