import { FormatError } from '../errors.js';
import type { DebugFile } from './file.js';
import type { DebugPackage } from './package.js';
import type { DwarfSections, SplitCandidate } from './sections.js';
import type { Unit } from './unit.js';

/** Most split files are not packaged. */
const packages = () => require('./package.js') as typeof import('./package.js');

/**
 * The units that a file's skeletons stand for (`-gsplit-dwarf`, DWARF v5 §3.1.2 and §7.3.5; with DWARF 4 the GNU extension "DebugFission"), in a package
 * or in files of their own. A file that has not the skeleton's own id is of another compilation, and is not read.
 */
export class SplitUnits {
  readonly #main: DebugFile;
  readonly #sections: DwarfSections;
  readonly #found = new Map<Unit, Unit | string>();
  readonly #files = new Map<string, DebugFile>();
  readonly #typeUnits = new Map<bigint, Unit | undefined>();
  #opened: { readonly package: OpenPackage | undefined } | undefined;

  constructor(main: DebugFile, sections: DwarfSections) {
    this.#main = main;
    this.#sections = sections;
  }

  /** The unit that completes a skeleton, or why there is none. */
  of(skeleton: Unit): Unit | string {
    let found = this.#found.get(skeleton);
    if (found === undefined) {
      found = this.#find(skeleton);
      if (typeof found !== 'string') found.skeleton = skeleton;
      this.#found.set(skeleton, found);
    }
    return found;
  }

  /** A type unit of the package. */
  typeUnit(signature: bigint): Unit | undefined {
    if (!this.#typeUnits.has(signature)) {
      const sections = this.#index?.typeUnit(signature);
      const units = sections && this.#main.relate(sections, true).units;
      this.#typeUnits.set(
        signature,
        units?.find((unit) => unit.header.signature === signature),
      );
    }
    return this.#typeUnits.get(signature);
  }

  *packagedTypeUnits(): Generator<Unit> {
    for (const signature of this.#index?.typeSignatures ?? []) {
      const unit = this.typeUnit(signature);
      if (unit !== undefined) yield unit;
    }
  }

  #find(skeleton: Unit): Unit | string {
    const { dwoName = '', compDir } = skeleton.root;
    const { dwoId } = skeleton;
    const what = `its debug info is in a split file, ${dwoName}`;
    if (dwoId === undefined) return `${what}, whose id is not given`;
    if (this.#sections.split === undefined && this.#sections.package === undefined) {
      return `${what}, which is not read`;
    }
    const tried: string[] = [];
    for (const { path, sections } of this.#candidates(dwoName, compDir, dwoId)) {
      try {
        const found = typeof sections === 'string' ? sections : this.#unitIn(path, sections, dwoId);
        if (typeof found !== 'string') return found;
        tried.push(`${path}: ${found}`);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        tried.push(`${path}: ${error.message}`);
      }
    }
    return `${what} (id ${hex(dwoId)}), which was not found${tried.map((line) => `\n  ${line}`).join('')}`;
  }

  *#candidates(name: string, directory: string | undefined, dwoId: bigint): Generator<SplitCandidate> {
    const opened = this.#package;
    if (opened !== undefined) {
      const packaged = typeof opened.index === 'string' ? opened.index : opened.index.unit(dwoId);
      yield { path: opened.path, sections: packaged ?? 'it has no unit of that id' };
    }
    if (this.#sections.split !== undefined) yield* this.#sections.split(name, directory);
  }

  #unitIn(path: string, sections: DwarfSections, dwoId: bigint): Unit | string {
    let file = this.#files.get(path);
    // The parts of a package are files of their own.
    if (file === undefined || path === this.#package?.path) file = this.#main.relate(sections, true);
    this.#files.set(path, file);
    const unit = unitOf(file, dwoId);
    if (unit === undefined) {
      const ids = file.units.flatMap((other) => (other.dwoId === undefined ? [] : [hex(other.dwoId)]));
      return `its id is ${ids.join(', ') || 'not given'}`;
    }
    // Two skeletons of one id: the same source, compiled and linked twice.
    return unit.skeleton === undefined ? unit : (unitOf(this.#main.relate(sections, true), dwoId) ?? unit);
  }

  get #index(): DebugPackage | undefined {
    const index = this.#package?.index;
    return typeof index === 'string' ? undefined : index;
  }

  get #package(): OpenPackage | undefined {
    return (this.#opened ??= { package: this.#openPackage() }).package;
  }

  #openPackage(): OpenPackage | undefined {
    const candidate = this.#sections.package?.();
    if (candidate === undefined) return undefined;
    const { path, sections } = candidate;
    if (typeof sections === 'string') return { path, index: sections };
    try {
      return { path, index: new (packages().DebugPackage)(sections) };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return { path, index: error.message };
    }
  }
}

/** A package, or why it can't be read. */
interface OpenPackage {
  readonly path: string;
  readonly index: DebugPackage | string;
}

/** The unit of that id. A file has several where several were compiled into one (`-flto`). */
function unitOf(file: DebugFile, dwoId: bigint): Unit | undefined {
  return file.units.find((unit) => unit.header.signature === undefined && unit.dwoId === dwoId);
}

function hex(id: bigint): string {
  return `0x${id.toString(16)}`;
}
