import { type CType, type Member, type RecordType, bare } from '../ctypes/model.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { compile, describeWith, run } from '../testing/tools.js';

/** What a value of the type takes, in bytes; only of types that the fixture has. */
function sizeOf(type: CType): number | undefined {
  const t = bare(type);
  if (t.kind === 'array') return (t.length ?? 0) * (sizeOf(t.element) ?? 0);
  return 'size' in t ? t.size : undefined;
}

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
      const lines = run(program, []).trim().split('\n');
      const ours = lines.map((line) => {
        const [fact = '', tag = '', name = ''] = line.split(' ');
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
