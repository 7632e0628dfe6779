import { runInThisContext } from 'node:vm';

import { namedMembers } from '../../ctypes/layout.js';
import { bare, isQualified, isText, type CType } from '../../ctypes/model.js';
import { Pointer } from '../../ffi/values/pointer.js';
import { typeOf } from '../../ffi/values/reflect.js';
import { Plugin } from '../../plugin/plugin.js';
import { chainAt, type Chain, type Step } from './chain.js';

/** What an expression is known to be before it is evaluated: a C value of a type, or a plugin or what it has. */
export type Known =
  { readonly type: CType } | { readonly plugin: Plugin; readonly part?: 'symbols' | 'constants' | 'lookup' };

/**
 * What the expression gives, by the types of C alone: nothing is called, and no memory is read, so that it is known behind a null pointer, too. Undefined where
 * C does not say it.
 */
export function knownOf(
  { root, steps }: Chain,
  typeNamed: (declaration: string) => CType,
): Known | undefined {
  let known = rootOf(root);
  for (let i = 0; i < steps.length && known !== undefined; i++) {
    const step = steps[i];
    const next = steps[i + 1];
    if (step === undefined) return undefined;
    const method =
      step.kind === 'member' && next?.kind === 'call' && 'type' in known
        ? ofMethod(known.type, step.name, next.args, typeNamed)
        : undefined;
    if (method !== undefined) i++;
    known = method ?? after(known, step);
  }
  return known;
}

/** The C type of what a whole line gives: `shape.value.color`, `next_color(RED)`. Undefined where C does not say it. */
export function typeOfLine(line: string, typeNamed: (declaration: string) => CType): CType | undefined {
  // Its last name is a step, too.
  const chain = chainAt(`${line.trim().replace(/;$/, '')}.`);
  const known = chain?.start === 0 ? knownOf(chain, typeNamed) : undefined;
  return known !== undefined && 'type' in known ? known.type : undefined;
}

function rootOf(name: string): Known | undefined {
  try {
    // A name alone: of a symbol it is looked up.
    return ofValue(runInThisContext(name));
  } catch {
    return undefined;
  }
}

function ofValue(value: unknown): Known | undefined {
  if (value instanceof Plugin) return { plugin: value as Plugin };
  try {
    return { type: typeOf(value).ctype };
  } catch {
    return undefined;
  }
}

/** `at`, `offset` and `cast` of a pointer. */
function ofMethod(
  type: CType,
  name: string,
  args: string,
  typeNamed: (declaration: string) => CType,
): Known | undefined {
  const t = bare(type);
  if (t.kind !== 'pointer') return undefined;
  if (name === 'at') return { type: t.target };
  if (name === 'offset') return { type };
  const declaration = name === 'cast' ? /^\s*(['"`])(.*)\1\s*$/.exec(args)?.[2] : undefined;
  return declaration === undefined ? undefined : { type: typeNamed(declaration) };
}

function after(known: Known, step: Step): Known | undefined {
  if ('plugin' in known) return ofPlugin(known, step);
  const t = bare(known.type);
  if (step.kind === 'element') return t.kind === 'array' ? { type: t.element } : undefined;
  if (step.kind === 'call') {
    const called = t.kind === 'pointer' ? bare(t.target) : t;
    return called.kind === 'function' ? { type: called.result } : undefined;
  }
  if (t.kind === 'pointer' && step.name === 'value') return { type: t.target };
  if (t.kind !== 'struct' && t.kind !== 'union') return undefined;
  const member = namedMembers(t.members).find((m) => m.name === step.name);
  return member && { type: member.type };
}

function ofPlugin({ plugin, part }: Extract<Known, { plugin: Plugin }>, step: Step): Known | undefined {
  if (part === undefined && step.kind === 'member') {
    const { name } = step;
    return name === 'symbols' || name === 'constants' || name === 'lookup'
      ? { plugin, part: name }
      : undefined;
  }
  const argument = step.kind === 'call' ? /^\s*(['"`])([^'"`]*)\1\s*$/.exec(step.args)?.[2] : undefined;
  const name =
    part === 'symbols' && step.kind === 'member' ? step.name : part === 'lookup' ? argument : undefined;
  return name !== undefined && plugin.has(name) ? ofValue(plugin.lookup(name)) : undefined;
}

const POINTER_MEMBERS = Object.getOwnPropertyNames(Pointer.prototype).filter(
  (name) => name !== 'constructor',
);

/** The names behind the dot of a C value; undefined where JavaScript knows them better. */
export function membersOf(known: Known): readonly string[] | undefined {
  if ('plugin' in known) {
    if (known.part === 'symbols') return Object.keys(known.plugin.symbols);
    return known.part === 'constants' ? Object.keys(known.plugin.constants) : undefined;
  }
  const t = bare(known.type);
  if (t.kind === 'struct' || t.kind === 'union') return namedMembers(t.members).map((m) => m.name);
  if (t.kind !== 'pointer' || bare(t.target).kind === 'function') return undefined;
  // `const char *` is a string.
  if (isText(t.target) && isQualified(t.target, 'const')) return undefined;
  return POINTER_MEMBERS;
}
