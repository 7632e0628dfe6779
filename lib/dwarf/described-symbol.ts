import type { CType } from '../ctypes/model.js';
import type { TypedSymbol } from '../ctypes/type-source.js';
import { DW_AT } from './constants.js';
import type { Die } from './die.js';
import type { SourceFile } from './line-files.js';
import { once } from './types.js';

/** Few ask where a symbol is declared. */
const lineFiles = once(() => require('./line-files.js') as typeof import('./line-files.js'));

/** What an entry says of a symbol: its type, and, once that is asked for, where it is declared. */
export class DescribedSymbol implements TypedSymbol {
  readonly type: CType;
  readonly language: number | undefined;
  readonly #die: Die;
  #declFile: SourceFile | undefined;

  constructor(die: Die, type: CType) {
    this.#die = die;
    this.type = type;
    this.language = (die.inherited(DW_AT.name) ?? die).language;
  }

  get declFile(): string | undefined {
    return (this.#declFile ??= lineFiles().declFile(this.#die))?.path;
  }

  get compDir(): string | undefined {
    return (this.#declFile ??= lineFiles().declFile(this.#die))?.compDir;
  }

  get declLine(): number | undefined {
    return this.#die.inherited(DW_AT.decl_line)?.number(DW_AT.decl_line);
  }
}
