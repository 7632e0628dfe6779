import type { Compiler, CType, FunctionType, Parameter } from '../ctypes/model.js';
import { compilerOf } from './compiler.js';
import { DW_AT, DW_CC, DW_TAG, isC, nameOf } from './constants.js';
import { Die } from './die.js';
import { hiddenConvention, readParameters } from './parameters.js';
import type { TypeReader } from './types.js';

/** What the parameters of a function are listed as. */
const PARAMETERS: readonly number[] = [DW_TAG.formal_parameter, DW_TAG.unspecified_parameters];

/** `DW_TAG.subroutine_type` (DWARF v5 §5.10), or the type of a `DW_TAG.subprogram` (§3.3). */
export function readFunctionType(reader: TypeReader, die: Die): FunctionType {
  const holder = signatureHolder(die);
  const children = holder.children(...PARAMETERS);
  const entries = children.filter((child) => child.tag === DW_TAG.formal_parameter);
  const { language } = holder;
  // A partial unit of dwz that no unit imports doesn't say its language.
  const prototyped = isPrototyped(die) || (language === undefined ? entries.length > 0 : !isC(language));
  return new DwarfFunction(reader, die, holder, {
    // gcc marks the declaration `int f();` the same way.
    variadic: prototyped && children.length > entries.length,
    prototyped,
    convention: callingConvention(die) ?? hiddenConvention(die, holder, entries),
    entries,
  });
}

class DwarfFunction implements FunctionType {
  readonly kind = 'function';
  readonly variadic: boolean;
  readonly prototyped: boolean;
  readonly convention: string | undefined;
  readonly #reader: TypeReader;
  readonly #die: Die;
  readonly #holder: Die;
  /** The parameters' own; nobody's once they are read. */
  #entries: readonly Die[];
  #result: CType | undefined;
  #parameters: readonly Parameter[] | undefined;

  /** `holder`: the entry whose children the parameters are. */
  constructor(
    reader: TypeReader,
    die: Die,
    holder: Die,
    {
      variadic,
      prototyped,
      convention,
      entries,
    }: Pick<DwarfFunction, 'variadic' | 'prototyped' | 'convention'> & { readonly entries: readonly Die[] },
  ) {
    this.#entries = entries;
    this.#reader = reader;
    this.#die = die;
    this.#holder = holder;
    this.variadic = variadic;
    this.prototyped = prototyped;
    this.convention = convention;
  }

  get result(): CType {
    return (this.#result ??= this.#reader.target(this.#die));
  }

  get parameters(): readonly Parameter[] {
    if (this.#parameters === undefined) {
      this.#parameters = readParameters(this.#reader, this.#die, this.#holder, this.#entries);
      this.#entries = [];
    }
    return this.#parameters;
  }

  get compiler(): Compiler | undefined {
    const compiler = compilerOf(this.#holder.compileUnit);
    // Function pointers of Rust say in their names how they are called (rust.ts), functions do not.
    return compiler?.name === 'rustc' && this.#holder.tag !== DW_TAG.subprogram ? undefined : compiler;
  }
}

/** clang says it of `ms_abi`, `regcall`, `preserve_most` …; gcc of none (DWARF v5 §3.3.1.1, gcc 12). */
function callingConvention(die: Die): string | undefined {
  const value = die.inherited(DW_AT.calling_convention)?.number(DW_AT.calling_convention) ?? DW_CC.normal;
  return value === DW_CC.normal ? undefined : nameOf(DW_CC, value);
}

/** Only C has functions without a prototype: other languages never say that they have one. */
export function isPrototyped(die: Die): boolean {
  return die.inherited(DW_AT.prototyped)?.flag(DW_AT.prototyped) ?? false;
}

export function hasParameters(die: Die): boolean {
  return signatureHolder(die).children(...PARAMETERS).length > 0;
}

/**
 * The entry whose children are the parameters. An instance of an inlined function lists only what the optimiser left
 * of them, its abstract origin all; the completion of a declaration has its own, with names, unless it has none at all.
 */
export function signatureHolder(die: Die): Die {
  let holder = die;
  for (const next of die.chain()) {
    holder = next;
    if (!next.has(DW_AT.abstract_origin) && (!next.has(DW_AT.specification) || hasOwn(next))) break;
  }
  return holder;
}

function hasOwn(die: Die): boolean {
  return die.children(DW_TAG.formal_parameter).length > 0;
}
