import { alignOf, sizeOf } from '../ctypes/layout.js';
import type { Member, RecordType } from '../ctypes/model.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { compile, describeWith, run } from '../testing/tools.js';

/** The bytes of a zeroed struct whose bit-field is all ones, little-endian. */
function ones(record: RecordType, member: Member): string {
  const bytes = Buffer.alloc(record.size ?? 0);
  const first = member.bitOffset ?? 0;
  for (let bit = first; bit < first + (member.bitSize ?? 0); bit++) {
    const at = bit >> 3;
    bytes[at] = (bytes[at] ?? 0) | (1 << (bit & 7));
  }
  return bytes.toString('hex');
}

const BUILDS = {
  gcc: ['-gdwarf-2 -gstrict-dwarf', '-gdwarf-3 -gstrict-dwarf', '-gdwarf-2', '-gdwarf-4', '-gdwarf-5'],
  clang: ['-gdwarf-2', '-gdwarf-3', '-gdwarf-4', '-gdwarf-5'],
};

/** Alignments that are asked for and not written down: DW_AT.alignment is DWARF 5's, clang has it earlier, but not on typedefs. */
function unsaid(compiler: string, flags: string): RegExp {
  if (flags.includes('strict'))
    return /^align (packed2|aligned|members|narrowed|record|wide|narrow|plain_typedef) /;
  return compiler === 'clang' && flags !== '-gdwarf-5'
    ? /^align (narrowed|wide|narrow|plain_typedef) /
    : /^$/;
}

for (const [compiler, builds] of Object.entries(BUILDS)) {
  describeWith([compiler], compiler, () => {
    it.each(builds)('lays out structs as the compiler does: %s', (flags) => {
      const program = compile('dwarf/layout.c', {
        compiler,
        flags: ['-w', ...flags.split(' ')],
        output: 'layout',
      });
      const { info } = new DwarfFile(program);
      const record = (tag: string) => {
        const type = info.typeNamed(tag === 'bits7' ? 'union' : 'struct', tag);
        if (type?.kind !== 'struct' && type?.kind !== 'union') throw new Error(`${tag} was not found`);
        return type;
      };
      const alignment = (of: string) => alignOf(info.typeNamed('typedef', of) ?? record(of));
      const lines = run(program, [])
        .trim()
        .split('\n')
        .filter((line) => !unsaid(compiler, flags).test(line));
      const ours = lines.map((line) => {
        const [fact = '', tag = '', name = ''] = line.split(' ');
        if (fact === 'align') return `align ${tag} ${alignment(tag)}`;
        const type = record(tag);
        if (fact === 'size') return `size ${tag} ${type.size ?? '?'}`;
        const member = type.members.find((m) => m.name === name);
        if (member === undefined) return `${fact} ${tag} ${name} is missing`;
        return fact === 'bits'
          ? `bits ${tag} ${name} ${ones(type, member)}`
          : `member ${tag} ${name} ${member.offset} ${sizeOf(member.type) ?? '?'}`;
      });
      expect(lines.length).toBeGreaterThan(50);
      expect(ours).toEqual(lines);
    });
  });
}
