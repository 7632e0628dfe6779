import { BufferSource } from '../../../lib/bytes/source.js';
import { LayoutComparison } from '../../../lib/ctypes/layout-difference.js';
import { dwarfSections } from '../../../lib/debuginfo/dwarf-source.js';
import { DwarfInfo } from '../../../lib/dwarf/dwarf-info.js';
import type { DwarfSections } from '../../../lib/dwarf/sections.js';
import { ElfFile } from '../../../lib/elf/file.js';
import { DwarfFile } from '../../../lib/testing/dwarf-file.js';
import type { Random } from '../../abi-fuzz/random.js';
import { mutate, numbersIn } from '../bytes.js';
import { infoPlaces, redirect, reshape, type InfoPlaces } from '../dwarf-fields.js';
import { sample, severalFiles } from '../fixtures.js';
import { attempt, visit } from '../oracle.js';
import type { Target } from './target.js';

/** Sections that are tables of numbers of four bytes. */
const TABLES: ReadonlySet<string> = new Set(
  'gdb_index debug_names debug_aranges debug_str_offsets debug_addr debug_cu_index debug_tu_index'
    .split(' ')
    .flatMap((name) => [`.${name}`, `.${name}.dwo`]),
);

/** Sections as they are in the file, by their name. The places in `.debug_info` are looked for once. */
class Sound {
  readonly sections: DwarfSections;
  readonly file: DwarfFile;
  readonly #places = new Map<string, InfoPlaces>();
  readonly #bytes = new Map<string, Uint8Array | undefined>();

  constructor(path: string) {
    this.file = new DwarfFile(path);
    this.sections = dwarfSections(ElfFile.open(path));
  }

  bytes(key: string, section: () => Uint8Array | undefined): Uint8Array | undefined {
    if (!this.#bytes.has(key)) this.#bytes.set(key, section());
    return this.#bytes.get(key);
  }

  places(key: string, sections: DwarfSections): InfoPlaces {
    let places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, (places = infoPlaces(sections)));
    return places;
  }
}

/** The same sections, some of which are damaged, and those of the files that they lead to. `key`: which file of `sound` they are. */
function damage(random: Random, sound: Sound, whole: DwarfSections, key: string): DwarfSections {
  const { supplementary, split, package: packaged } = whole;
  const damaged = new Map<string, BufferSource | undefined>();
  return {
    littleEndian: whole.littleEndian,
    addressSize: whole.addressSize,
    section(name) {
      if (!damaged.has(name)) {
        const original = sound.bytes(`${key} ${name}`, () => {
          const source = whole.section(name);
          return source?.read(0, source.size);
        });
        const bytes =
          original &&
          (random.chance(0.35)
            ? damagedBytes(random, name, original, () => sound.places(key, whole))
            : original);
        damaged.set(name, bytes && new BufferSource(name, bytes));
      }
      return damaged.get(name);
    },
    supplementary: supplementary && (() => damage(random, sound, supplementary(), `${key} supplementary`)),
    ...(split && {
      *split(name, directory) {
        for (const { path, sections } of split(name, directory))
          yield {
            path,
            sections: typeof sections === 'string' ? sections : damage(random, sound, sections, path),
          };
      },
    }),
    ...(packaged && {
      package() {
        const found = packaged();
        if (typeof found.sections === 'string') return found;
        return { path: found.path, sections: damage(random, sound, found.sections, found.path) };
      },
    }),
  };
}

function damagedBytes(random: Random, name: string, original: Uint8Array, places: () => InfoPlaces): Buffer {
  const bytes = Buffer.from(original);
  if (name === '.debug_info') {
    const known = places();
    if (random.chance(0.7)) redirect(random, bytes, known);
    return random.chance(0.5) ? mutate(random, bytes, known.values) : bytes;
  }
  if (name.startsWith('.debug_abbrev') && random.chance(0.6)) {
    reshape(random, bytes);
    return bytes;
  }
  return mutate(random, bytes, TABLES.has(name) ? numbersIn(0, bytes.length, 4) : []);
}

/** Asks for some symbols, and for what reads every unit. */
export function askDwarf(random: Random, info: DwarfInfo, file: DwarfFile): void {
  const names = [...file.symbols.keys()];
  const comparison = new LayoutComparison();
  if (random.chance(0.3)) info.expect(random.chance(0.5) ? names.length : 1e6);
  for (let i = random.between(1, 6); i > 0; i--) {
    const query = file.query(random.pick(names));
    const symbol = info.symbol(query);
    if ('reason' in symbol) continue;
    visit(symbol.type);
    attempt(() => symbol.declFile);
    attempt(() => symbol.compDir);
    attempt(() => symbol.declLine);
    const sound = file.symbol(query.name);
    if ('reason' in sound) continue;
    attempt(() => comparison.wants(symbol.type) && comparison.compare(symbol.type, sound.type));
    attempt(() => comparison.compare(sound.type, symbol.type));
  }
  const rare = random.below(5);
  if (rare === 0) {
    const type = attempt(() => info.typeNamed('struct', 'handle'));
    if (type !== undefined) visit(type);
    attempt(() => info.typeNamed('struct', 'geo::rect'));
  } else if (rare === 1)
    attempt(() => Array.from(info.declarations(), ({ symbol }) => comparison.wants(symbol.type)));
  else if (rare === 2)
    attempt(() => Array.from(info.constants().values(), (values) => values.map((v) => v.origin)));
  else if (rare === 3) attempt(() => info.typeNames());
}

function paths(): string[] {
  const single = [
    sample('gcc', '-gdwarf-5', '-O2'),
    sample('gcc', '-gdwarf-4', '-fdebug-types-section'),
    sample('gcc', '-gdwarf-2', '-gstrict-dwarf', '-O0'),
    sample('clang', '-gdwarf-5', '-O2'),
    sample('clang', '-gdwarf-5', '-gpubnames'),
  ];
  return [...single.filter((path) => path !== undefined), ...severalFiles()];
}

export const dwarf: Target = {
  name: 'dwarf',
  needs: ['gcc'],
  prepare() {
    const sounds = paths().map((path) => new Sound(path));
    return (random) => {
      const sound = random.pick(sounds);
      askDwarf(random, new DwarfInfo(damage(random, sound, sound.sections, 'main')), sound.file);
    };
  },
};
