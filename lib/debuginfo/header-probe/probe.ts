import { PluginError } from '../../errors.js';
import type { CCompiler } from './compiler.js';
import type { ConstantMacros } from './macros.js';

/** In front of the names of the probe's own variables. */
export const CONSTANT = 'elf_plugin_constant_';
export const SYMBOL = 'elf_plugin_symbol_';

/**
 * `EXPRESSION(NAME)` is what the macro NAME stands for, in parentheses. More than one expression, `1,2`, is more than `ONE` takes. As an argument NAME is expanded by
 * itself (C17 §6.10.3.1). Without that gcc reports a function-like macro that it ends in, `#define NAME SQUARE`, in the header.
 */
const EXPRESSION = 'elf_plugin_expression';
const ONE = 'elf_plugin_one';
const DEFINITIONS = [`#define ${ONE}(x) (x)`, `#define ${EXPRESSION}(...) ${ONE}(__VA_ARGS__)`];

/** Names are dropped that the compiler refuses; each round finds those that an error hid before. */
const MAX_ROUNDS = 20;

/**
 * What gcc says of `#define NAME SQUARE` is that SQUARE is not declared, yet `SQUARE(2)` may be a constant. What mentions a macro is dropped only
 * when its names have not come to an end, one a round, by then.
 */
const PATIENT_ROUNDS = 10;

export interface SymbolProbe {
  readonly name: string;
  /** Its address is no constant (ELF TLS). */
  readonly threadLocal: boolean;
}

export interface ProbeInput {
  /** `#include` lines. */
  readonly includes: string;
  readonly cflags: readonly string[];
  readonly isClang: boolean;
  readonly constants: ConstantMacros;
  readonly symbols: readonly SymbolProbe[];
  /** Names of all macros, which a symbol may have too. */
  readonly macros: ReadonlySet<string>;
}

/**
 * Compiles a shared object into `output` whose debug info has the types of the symbols and of the constants, and whose data has the constants' values. What the compiler
 * refuses of them is left out. Throws `ERR_PLUGIN_TYPE` with the compiler's words for a header that does not compile.
 *
 * A constant is an object of the macro's own type, an array for text, so that no relocation stands between it and its value. A symbol is a pointer
 * to it: of functions that are only declared both compilers describe nothing but what points to them.
 */
export function compileProbe(compiler: CCompiler, input: ProbeInput, output: string): void {
  const dropped = new Set<string>();
  for (let round = 0; ; round++) {
    const { ok, stderr } = compiler.run([...options(input), '-o', output, '-'], probeText(input, dropped));
    if (ok) return;
    const { refused, undeclared, others } = errorsOf(stderr);
    const isStuck = round === MAX_ROUNDS || refused.every((name) => dropped.has(name));
    if (others || isStuck) throw refusal(stderr.replace(OWN_LINES, ''));
    for (const name of refused) dropped.add(name);
    const missing = undeclared.filter((name) => round >= PATIENT_ROUNDS || !input.macros.has(name));
    for (const name of input.constants.mentioning(...missing)) dropped.add(CONSTANT + name);
  }
}

/** What the compiler says of the probe itself. */
const OWN_LINES = new RegExp(`^(?:${CONSTANT}|${SYMBOL}).*\\n`, 'gm');

/** An error with the compiler's own words. */
export function refusal(stderr: string): PluginError {
  return new PluginError('ERR_PLUGIN_TYPE', `the compiler refuses the header\n${stderr.trimEnd()}`);
}

/** Behind those of the user, so that a probe is what is made. With its builtins clang has types of its own for the functions of the C library. */
function options({ cflags, isClang }: ProbeInput): string[] {
  // gcc reports an error within a macro where that is defined, unless told otherwise; clang stops after 20.
  const messages = isClang
    ? ['-ferror-limit=0', '-fno-caret-diagnostics']
    : ['-ftrack-macro-expansion=0', '-fno-diagnostics-show-caret'];
  const what = [
    '-w',
    '-g',
    '-O0',
    '-fPIC',
    '-shared',
    '-nostdlib',
    '-fno-lto',
    '-fno-builtin',
    '-fno-eliminate-unused-debug-types',
  ];
  return ['-x', 'c', ...cflags, ...messages, ...what, '-Wl,--unresolved-symbols=ignore-all'];
}

/** Errors of a line name what it is for, which `#line` says is its file. */
function probeText(
  { includes, constants, symbols, macros }: ProbeInput,
  dropped: ReadonlySet<string>,
): string {
  const lines = [includes, ...DEFINITIONS];
  for (const name of constants.names) {
    if (dropped.has(CONSTANT + name)) continue;
    const expression = `${EXPRESSION}(${name})`;
    lines.push(`#line 1 "${CONSTANT}${name}"`);
    lines.push(`__typeof__(${expression}) const ${CONSTANT}${name} = ${expression};`);
  }
  for (const { name, threadLocal } of symbols) {
    if (dropped.has(SYMBOL + name)) continue;
    if (macros.has(name)) lines.push(`#undef ${name}`);
    lines.push(`#line 1 "${SYMBOL}${name}"`);
    lines.push(
      threadLocal
        ? `__typeof__(${name}) *const ${SYMBOL}${name} = 0;`
        : `__auto_type const ${SYMBOL}${name} = &${name};`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/**
 * What of the probe is refused, and whether anything else is. What is not declared gcc says once: whatever else mentions it is refused as well.
 */
function errorsOf(stderr: string): { refused: string[]; undeclared: string[]; others: boolean } {
  const errors = stderr.split('\n').filter((line) => /(^|: )(fatal )?error: /.test(line));
  const place = new RegExp(`^((?:${CONSTANT}|${SYMBOL})[\\w$]+):\\d+`);
  const refused = errors.flatMap((line) => place.exec(line)?.[1] ?? []);
  const undeclared = errors.flatMap((line) => /'([\w$]+)' undeclared/.exec(line)?.[1] ?? []);
  return { refused, undeclared, others: refused.length === 0 || refused.length < errors.length };
}
