import { readFileSync } from 'node:fs';

import { BufferSource } from '../../lib/bytes/source.js';
import { ElfFile } from '../../lib/elf/file.js';
import { fieldsOf, type Field } from './fields.js';
import type { Mutant } from './mutants.js';
import type { Outcome } from './run.js';

/** What a look at a file can't tell, since another library could be meant to be so: docs/security.md has the same list. Of a field its kind and name. */
const KINDS: readonly (readonly [what: string, kind: string, name: RegExp])[] = [
  ['another value of a symbol', 'symbols', /^st_(value|size)/],
  ['another name of a symbol', 'symbols', /^st_name/],
  ['a symbol of another type, or that is not defined', 'symbols', /^st_(info|other|shndx)/],
  ['another addend of a relocation', 'relocations', /^r_addend/],
  ['another symbol of a relocation', 'relocations', /^r_symbol/],
  ['a relocation of another place', 'relocations', /^r_offset/],
  ['a relocation of another type, or none', 'relocations', /^r_type/],
  ['another function as DT_INIT or DT_FINI', 'dynamic array', /of DT_(INIT|FINI)$/],
  ['another function in an array of them', 'functions called', /./],
  ['a segment of other bytes or size, or read-only', 'program header', /^p_(offset|filesz|memsz|flags)/],
  ['other bytes of code or data', 'global offset table', /./],
];
const OTHER_BYTES = 'other bytes of code or data';

/** Tells of mutants of some libraries what can't be foreseen about them. */
export class Unforeseen {
  readonly #libraries: readonly { readonly fields: readonly Field[] }[];

  constructor(paths: readonly string[]) {
    this.#libraries = paths.map((path) => ({
      fields: fieldsOf(new ElfFile(new BufferSource(path, readFileSync(path)))),
    }));
  }

  /** What of the mutant can't be foreseen, by its kind; undefined if all that is changed can. */
  kindOf({ base, changes = [] }: Mutant): string | undefined {
    const fields = this.#libraries[base]?.fields ?? [];
    for (const [at, bytes] of changes) {
      const changed = fields.filter((f) => f.at < at + bytes.length && f.at + f.width > at);
      if (changed.length === 0) return OTHER_BYTES;
      for (const { kind, name } of changed) {
        const found = KINDS.find(([, k, pattern]) => k === kind && pattern.test(name));
        if (found !== undefined) return found[0];
      }
    }
    return undefined;
  }

  /** How many have ended the process in which step, by kind; those whose end could have been foreseen are of the kind undefined. */
  count(outcomes: readonly Outcome[]): Map<string | undefined, { open: number; exit: number; use: number }> {
    const counts = new Map<string | undefined, { open: number; exit: number; use: number }>();
    for (const { mutant, outcome } of outcomes) {
      const step = /^died in (open|exit|use)$/.exec(outcome)?.[1] as 'open' | 'exit' | 'use' | undefined;
      if (step === undefined) continue;
      const kind = this.kindOf(mutant);
      const count = counts.get(kind) ?? { open: 0, exit: 0, use: 0 };
      count[step]++;
      counts.set(kind, count);
    }
    return counts;
  }
}
