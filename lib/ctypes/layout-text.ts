import { sizeOf } from './layout.js';
import { bare, type CType, type Member, type RecordType } from './model.js';
import { print, printDefinition } from './print.js';

/** Anonymous structs within each other: no real type has as many. */
const MAX_DEPTH = 20;

/**
 * The definition of a struct or union with the offset and the size of each member, as `pahole` shows it: in bytes, of a bit-field the byte and the bit in it,
 * and its bits. Any other type as `printDefinition` writes it.
 *
 * @example
 * struct point {  // offset size
 *   int x;        //      0    4
 *   double y;     //      8    8
 * };              // 16 bytes
 */
export function printLayout(type: CType): string {
  const t = bare(type);
  if (t.kind === 'enum') return `${printDefinition(t)};`;
  if ((t.kind !== 'struct' && t.kind !== 'union') || t.size === undefined) return print(type);
  const lines = [[`${head(t)} {`, 'offset size'], ...body(t, 0, 1), ['};', `${t.size} bytes`]];
  const width = lines.reduce((widest, [text = '']) => Math.max(widest, text.length), 0);
  return lines
    .map(([text = '', note]) => (note === undefined ? text : `${text.padEnd(width)}  // ${note}`))
    .join('\n');
}

function head({ kind, tag }: RecordType): string {
  return tag === undefined ? kind : `${kind} ${tag}`;
}

/** A line of C for each member, and what is noted behind it. */
function body(record: RecordType, start: number, depth: number): (readonly [string, string?])[] {
  const indent = '  '.repeat(depth);
  return record.members.flatMap((member): (readonly [string, string?])[] => {
    const inner = bare(member.type);
    const offset = start + member.offset;
    const isSpelledOut = (inner.kind === 'struct' || inner.kind === 'union') && inner.tag === undefined;
    if (isSpelledOut && member.type === inner && depth < MAX_DEPTH) {
      const name = member.name === undefined ? '' : ` ${member.name}`;
      return [
        [`${indent}${inner.kind} {`],
        ...body(inner, offset, depth + 1),
        [`${indent}}${name};`, place(member, offset)],
      ];
    }
    const bits = member.bitSize === undefined ? '' : ` : ${member.bitSize}`;
    return [[`${indent}${print(member.type, member.name ?? '')}${bits};`, place(member, offset)]];
  });
}

function place({ type, offset, bitOffset, bitSize }: Member, from: number): string {
  if (bitOffset === undefined || bitSize === undefined)
    return `${String(from).padStart(6)} ${String(sizeOf(type) ?? 0).padStart(4)}`;
  return `${`${from}:${bitOffset - offset * 8}`.padStart(6)} ${bitSize} bit${bitSize === 1 ? '' : 's'}`;
}
