import { declare, type EnumType, type RecordType, type Type, type Value } from './model.js';
import { recordedLeaves, resultLeaves, type Leaf } from './leaves.js';
import { literal } from './literal.js';
import {
  callbackPrototype,
  nameOf,
  prototypeOf,
  type Parameter,
  type Result,
  type Signature,
} from './signature.js';
import { VECTORS } from './types.js';
import { ARENA, TARGETS } from './values.js';

/** The most that one call may record, in bytes. */
export const RECORD_SIZE: number = 1 << 14;

/** The bytes before the first leaf: the signature's number, which tells that the callee ran at all. */
export const MARK = 4;

/** The files of one batch, by name. Callee and caller are compiled apart, so that both keep to the ABI whatever the optimiser sees. */
export function cFiles(signatures: readonly Signature[]): Readonly<Record<string, string>> {
  const all = (text: (signature: Signature) => string): string =>
    signatures
      .map((s) => (s.half ? `#ifdef __FLT16_MAX__\n${text(s)}\n#endif\n` : `${text(s)}\n`))
      .join('\n');
  return {
    'types.h': `${HEADER}\n${all(definitions)}`,
    'callee.c': `#include "types.h"\n${STORAGE}\n${all(callee)}`,
    'caller.c': `#include "types.h"\n\n${all(caller)}`,
  };
}

const targets = Array.from({ length: TARGETS }, (_, i) => `target${i}`);

const HEADER = `#include <stdarg.h>
typedef int (*operation)(int);
${VECTORS.map((v) => `typedef ${v.element.c} ${v.c} __attribute__((vector_size(${v.length * v.element.size})));`).join('\n')}
extern unsigned char arena[${ARENA}], seen[${RECORD_SIZE}], result[${RECORD_SIZE}];
${targets.map((t) => `int ${t}(int);`).join('\n')}
#define PUT(to, at, size, x) __builtin_memcpy((to) + (at), &(x), size)
#define PUT_AS(to, at, size, type, x) do { type t = (x); __builtin_memcpy((to) + (at), &t, size); } while (0)
#define MARK(n) do { int t = (n); __builtin_memcpy(seen, &t, ${MARK}); } while (0)
`;

const STORAGE = `unsigned char arena[${ARENA}], seen[${RECORD_SIZE}], result[${RECORD_SIZE}];
${targets.map((t, i) => `int ${t}(int x) { return x + ${i}; }`).join('\n')}
`;

/** The types and the prototype, as they stand in the header and in reports. */
export function definitions(signature: Signature): string {
  return [...signature.types.map(definition), `${prototypeOf(signature)};`].join('\n');
}

function definition(type: EnumType | RecordType): string {
  if (type.kind === 'enum') {
    const list = type.values.map((value, i) => `${type.c.slice('enum '.length)}_${i} = ${enumerator(value)}`);
    return `${type.c} { ${list.join(', ')} }${type.size === 1 ? ' __attribute__((packed))' : ''};`;
  }
  const members = type.members.map(({ name, type: t, bits, aligned }) => {
    const width = bits === undefined ? '' : ` : ${bits}`;
    const attribute = aligned === undefined ? '' : ` __attribute__((aligned(${aligned})))`;
    return `${declare(t, name)}${width}${attribute};`;
  });
  if (type.tail !== undefined) members.push(`${type.tail};`);
  const attributes = [
    ...(type.packed ? ['packed'] : []),
    ...(type.aligned === undefined ? [] : [`aligned(${type.aligned})`]),
  ];
  const suffix = attributes.length === 0 ? '' : ` __attribute__((${attributes.join(', ')}))`;
  return `${type.c} { ${members.join(' ')} }${suffix};`;
}

function enumerator(value: bigint): string {
  return value >= 2n ** 63n ? `${value}ULL` : `${value}LL`;
}

function callee(signature: Signature): string {
  const { index, variadic, callback, result } = signature;
  const value = constant(result, `result${index}`);
  const lines: string[] = [`MARK(${index});`];
  if (variadic !== undefined) lines.push(...readVariadic(variadic));
  if (callback !== undefined) {
    const passed = callback.parameters.map((p) => constant(p, `q${index}_${p.name}`));
    value.definitions.unshift(...passed.flatMap((p) => p.definitions));
    lines.push(call(callback.result, `cb(${passed.map((p) => p.expression).join(', ')})`));
  }
  lines.push(...copies('seen', recordedLeaves(signature), MARK));
  if (result.type !== undefined) lines.push(`return ${value.expression};`);
  return [
    ...value.definitions,
    `__attribute__((noinline)) ${prototypeOf(signature)} {`,
    ...indented(lines),
    '}',
  ].join('\n');
}

function readVariadic(variadic: readonly Parameter[]): string[] {
  const reads = variadic.map(
    ({ type, name }) => `${declare(type, name)} = va_arg(ap, ${declare(type, '')});`,
  );
  return ['va_list ap;', 'va_start(ap, n);', ...reads, 'va_end(ap);'];
}

function caller(signature: Signature): string {
  const { index, parameters, variadic = [], callback, result } = signature;
  const passed = [...parameters, ...variadic].map((p) => constant(p, `a${index}_${p.name}`));
  const before: string[] = [];
  const list = passed.map((p) => p.expression);
  if (callback !== undefined) {
    const returned = constant(callback.result, `b${index}`);
    const body = callback.result.type === undefined ? '' : ` return ${returned.expression};`;
    before.push(...returned.definitions, `static ${callbackPrototype(callback, `cb${index}`)} {${body} }`);
    list.splice(callback.position, 0, `cb${index}`);
  }
  return [
    ...passed.flatMap((p) => p.definitions),
    ...before,
    `void call_${nameOf(signature)}(void) {`,
    ...indented([
      call(result, `${nameOf(signature)}(${list.join(', ')})`),
      ...copies('result', resultLeaves(result), 0),
    ]),
    '}',
  ].join('\n');
}

/** A call whose result, if there is one, is `r`. */
function call({ type }: Result, expression: string): string {
  return type === undefined ? `${expression};` : `${declare(type, 'r')} = ${expression};`;
}

/** An expression for a constant, and what has to be defined before it. */
function constant({ type, value }: { type: Type | undefined; value: Value }, name: string): Constant {
  if (type === undefined) return { expression: '', definitions: [] };
  const text = literal(type, value);
  if (type.kind !== 'struct' && type.kind !== 'union')
    return { expression: type.kind === 'vector' ? `(${type.c})${text}` : text, definitions: [] };
  return { expression: name, definitions: [`static const ${declare(type, name)} = ${text};`] };
}

interface Constant {
  readonly expression: string;
  readonly definitions: string[];
}

function copies(to: string, leaves: readonly Leaf[], start: number): string[] {
  let at = start;
  const lines = leaves.map(({ expression, size, through }) => {
    const from = at;
    at += size;
    return through === undefined
      ? `PUT(${to}, ${from}, ${size}, ${expression});`
      : `PUT_AS(${to}, ${from}, ${size}, ${through}, ${expression});`;
  });
  if (at > RECORD_SIZE) throw new Error(`${at} bytes to record are too many`);
  return lines;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
