import { type CType, type FunctionType, type Qualifier, copyOf, isQualified } from './model.js';

/** An anonymous record or enum is printed with its members; deeper than this, only `{ ... }`. */
const MAX_DEPTH = 3;

/** Types that one text is made of; what is behind them is `...`. Each function that takes another one twice doubles the text. */
const MAX_PARTS = 100_000;

/** What is left of a text's types, and how many anonymous records are around the one that is written. */
interface Room {
  readonly depth: number;
  readonly budget: { left: number };
}

function newRoom(depth: number): Room {
  return { depth, budget: { left: MAX_PARTS } };
}

/**
 * `type` as C writes it, around `declarator`: `print(t)` gives `int (*)(const char *)`, `print(t, 'f')` gives
 * `int (*f)(const char *)`. Tagged structs, unions and enums are named, not spelled out.
 */
export function print(type: CType, declarator = ''): string {
  return declare(type, declarator, newRoom(0));
}

function declare(type: CType, declarator: string, room: Room): string {
  if (--room.budget.left < 0) return join('...', declarator);
  switch (type.kind) {
    case 'pointer':
      return declare(type.target, wrap(type.target, (type.reference ?? '*') + declarator), room);
    case 'array':
      return type.vector
        ? join(`${declare(type.element, '', room)} __vector(${String(type.length)})`, declarator)
        : declare(
            type.element,
            `${declarator}[${type.length === undefined ? '' : String(type.length)}]`,
            room,
          );
    case 'function':
      return declare(type.result, `${declarator}(${parameterList(type, room)})`, room);
    case 'qualified':
      return qualify(type.qualifier, type.target, declarator, room);
    default:
      return join(specifier(type, room), declarator);
  }
}

/** A qualifier of a pointer stands behind its `*` (`char *const`), any other in front (`const int`). */
function qualify(qualifier: Qualifier, target: CType, declarator: string, room: Room): string {
  if (target.kind === 'pointer') {
    const inner = join(`${target.reference ?? '*'}${qualifier}`, declarator);
    return declare(target.target, wrap(target.target, inner), room);
  }
  if (target.kind === 'array') {
    // The elements are qualified, once (C17 §6.7.3p9); gcc qualifies the array of `const char *const names[]`, too.
    const element = isQualified(target.element, qualifier)
      ? target.element
      : { kind: 'qualified' as const, qualifier, target: target.element };
    return declare({ ...copyOf(target), element }, declarator, room);
  }
  if (target.kind === 'qualified' && !startsInFront(target)) {
    return declare(target, join(qualifier, declarator), room);
  }
  return `${qualifier} ${declare(target, declarator, room)}`;
}

function startsInFront(type: CType): boolean {
  let at = type;
  while (at.kind === 'qualified') at = at.target;
  return at.kind !== 'pointer';
}

/** `*` binds weaker than `[]` and `()`: a pointer to an array or a function needs parentheses. */
function wrap(target: CType, declarator: string): string {
  const bindsStronger = target.kind === 'function' || (target.kind === 'array' && !target.vector);
  return bindsStronger ? `(${declarator})` : declarator;
}

function join(specifiers: string, declarator: string): string {
  return declarator === '' || declarator.startsWith('[')
    ? specifiers + declarator
    : `${specifiers} ${declarator}`;
}

function parameterList(type: FunctionType, room: Room): string {
  if (!type.prototyped && type.parameters.length === 0) return '';
  const parts = type.parameters.map((p) => declare(p.type, p.name ?? '', room));
  if (type.variadic) parts.push('...');
  return parts.length === 0 ? 'void' : parts.join(', ');
}

function specifier(
  type: Exclude<CType, { kind: 'pointer' | 'array' | 'function' | 'qualified' }>,
  room: Room,
): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'struct':
    case 'union':
      if (type.tag !== undefined) return `${type.kind} ${type.tag}`;
      if (room.depth >= MAX_DEPTH) return `${type.kind} { ... }`;
      return `${type.kind} { ${members(type.members, room)} }`;
    case 'enum':
      if (type.tag !== undefined) return `enum ${type.tag}`;
      return `enum { ${type.enumerators.map((e) => e.name).join(', ')} }`;
    default:
      return type.name;
  }
}

function members(
  list: readonly { name: string | undefined; type: CType; bitSize?: number }[],
  room: Room,
): string {
  const inner = { ...room, depth: room.depth + 1 };
  return list
    .map((m) => declare(m.type, m.name ?? '', inner) + (m.bitSize === undefined ? '' : ` : ${m.bitSize}`))
    .map((text) => `${text};`)
    .join(' ');
}

/** The definition of a struct, union or enum with its members, a line each; any other type as `print` writes it. */
export function printDefinition(type: CType): string {
  if ((type.kind === 'struct' || type.kind === 'union') && type.size !== undefined) {
    const head = type.tag === undefined ? type.kind : `${type.kind} ${type.tag}`;
    const room = newRoom(1);
    const lines = type.members.map((m) => {
      const bits = m.bitSize === undefined ? '' : ` : ${m.bitSize}`;
      return `  ${declare(m.type, m.name ?? '', room)}${bits};`;
    });
    return [`${head} {`, ...lines, '}'].join('\n');
  }
  if (type.kind === 'enum') {
    const head = type.tag === undefined ? 'enum' : `enum ${type.tag}`;
    return [`${head} {`, ...type.enumerators.map((e) => `  ${e.name} = ${String(e.value)},`), '}'].join('\n');
  }
  return print(type);
}
