import { VOID, type CType, type IntType, type Member, type PointerType } from './model.js';

const pointer: PointerType = { kind: 'pointer', target: VOID, size: 8 };
const int = (name: string, signed: boolean): IntType => ({ kind: 'int', name, size: 4, signed, text: false });

/** Members behind one another, none of which needs padding. */
function members(...list: [name: string, type: CType & { size: number }][]): Member[] {
  let offset = 0;
  return list.map(([name, type]) => {
    const member = { name, type, offset };
    offset += type.size;
    return member;
  });
}

/**
 * What `va_list` is: an array of one struct (psABI x86-64 §3.5.7, figure 3.34), which is a pointer where it is a parameter, or a struct (AAPCS64 §10.1.5). Of
 * other machines it is not known.
 */
export function vaList(machine: string): CType {
  const unsigned = int('unsigned int', false);
  const signed = int('int', true);
  if (machine === 'x64') {
    const fields = members(
      ['gp_offset', unsigned],
      ['fp_offset', unsigned],
      ['overflow_arg_area', pointer],
      ['reg_save_area', pointer],
    );
    const element: CType = { kind: 'struct', tag: '__va_list_tag', size: 24, members: fields };
    return { kind: 'array', element, length: 1, vector: false };
  }
  if (machine === 'arm64') {
    const fields = members(
      ['__stack', pointer],
      ['__gr_top', pointer],
      ['__vr_top', pointer],
      ['__gr_offs', signed],
      ['__vr_offs', signed],
    );
    return { kind: 'struct', tag: '__va_list', size: 32, members: fields };
  }
  return { kind: 'unsupported', name: 'va_list', size: undefined, reason: `${machine} is not known here` };
}
