import { parseDeclarations, placed, type DeclarationsOptions } from '../ctypes/declarations/declarations.js';
import { bare } from '../ctypes/model.js';
import type { Absent, SymbolQuery, TypedSymbol, TypeSource } from '../ctypes/type-source.js';

/**
 * The types that a C text declares. It is read at once, and throws a `TypeError` where it is not understood. `options.resolve` gives the types that the text
 * uses and does not declare: those of the library's other sources.
 */
export function declarationsSource(text: string, options: DeclarationsOptions = {}): TypeSource {
  const { symbols, statics, typeNamed, typeNames, constants } = parseDeclarations(text, options);
  return {
    name: 'declarations',
    symbol: ({ name, kind }: SymbolQuery): TypedSymbol | Absent => {
      const found = symbols.get(name);
      if (found === undefined) {
        const hidden = statics.get(name);
        return {
          reason:
            hidden === undefined
              ? `'${name}' is not declared`
              : `'${name}' is declared static (${placed(hidden)}): that is another one, which no other file sees`,
        };
      }
      const isFunction = bare(found.type).kind === 'function';
      const wanted = kind === 'function' || kind === 'ifunc';
      if (isFunction !== wanted) {
        const [declared, exported] = isFunction ? ['function', 'variable'] : ['variable', 'function'];
        return {
          reason: `'${name}' is declared as a ${declared} (${placed(found)}), and the library exports a ${exported}`,
        };
      }
      return { type: found.type, language: undefined, declFile: found.file, declLine: found.line };
    },
    typeNamed,
    typeNames,
    constants,
  };
}
