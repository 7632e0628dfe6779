import { bare, type CType, type FunctionType } from '../../ctypes/model.js';
import { EM } from '../../elf/constants.js';
// How the ABI passes a type is worked out without koffi: nothing is loaded.
import { classify } from '../../ffi/abi/classify.js';
import { place } from '../../ffi/abi/place.js';

/** Why a call of a function of that type would be refused, on a machine (one of `EM`); undefined if it would not. */
export function whyNotCallable(type: FunctionType, machine: number): string | undefined {
  if (type.convention !== undefined) return `its calling convention ${type.convention} is not C's`;
  const types = [type.result, ...type.parameters.map((p) => p.type)];
  for (const [i, part] of types.entries()) {
    const t = bare(part);
    const which = i === 0 ? 'the result' : `parameter ${i}`;
    if (t.kind === 'unsupported') return `${which}: ${t.name}: ${t.reason}`;
    if (t.kind === 'function' || (t.kind === 'array' && !t.vector))
      return `${which}: ${t.kind === 'array' ? 'an array' : 'a function'} by value`;
  }
  if (!types.some(isByValue)) return undefined;
  if (machine !== EM.X86_64) return 'values of structs are passed on x86-64 only; by pointer they are';
  const result = bare(type.result).kind === 'void' ? undefined : classify(type.result, type.compiler);
  if (result !== undefined && 'refused' in result) return `the result: ${result.refused}`;
  if (result?.where === 'x87')
    return 'the result: it is returned in a register of the x87, which koffi does not read';
  const placement = place(
    type.parameters.map((p) => p.type),
    result?.where === 'memory',
    type.compiler,
  );
  return 'refused' in placement ? placement.refused : undefined;
}

/** Whether a value of `type` goes where the ABI says for its parts, and not in one register or place as a number does. */
function isByValue(type: CType): boolean {
  const t = bare(type);
  if (t.kind === 'int' || t.kind === 'enum') return (t.size ?? 0) > 8;
  if (t.kind === 'float') return t.format !== 'binary32' && t.format !== 'binary64';
  return t.kind === 'struct' || t.kind === 'union' || t.kind === 'complex' || t.kind === 'array';
}
