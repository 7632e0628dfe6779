import type { DebugFile } from './file.js';
import type { Unit } from './unit.js';

/**
 * Every unit with entries of a library, of whichever file: its own, those that its skeletons stand for, and those of the supplementary file that it
 * imports. What can't be had is left out.
 */
export function* everyUnit(file: DebugFile): Generator<Unit> {
  let isSplit = false;
  const files = new Set<DebugFile>();
  for (const unit of file.units) {
    if (!unit.isSkeleton) {
      yield unit;
      continue;
    }
    isSplit = true;
    const complete = file.complete(unit);
    if (complete === undefined) continue;
    yield complete;
    if (files.has(complete.file)) continue;
    files.add(complete.file);
    for (const other of complete.file.units) if (other.header.signature !== undefined) yield other;
  }
  if (isSplit) yield* file.splitUnits.packagedTypeUnits();
  if (file.hasSupplementary && file.missingSupplementary === undefined)
    yield* file.imports.supplementaryUnits;
}
