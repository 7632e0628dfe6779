// `npm run coverage-real`: how many symbols of real libraries have a type, and whether others say the same of each.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Library } from '../lib/library/library.js';
import { makeTypesFile } from '../lib/library/types-file.js';
import { optionsOf } from './command-line.js';
import { compare } from './coverage-real/compare.js';
import { LIBRARIES, pathOf, type RealLibrary } from './coverage-real/libraries.js';
import { type Finding, isGood, printFinding, printTable } from './coverage-real/report.js';
import { survey } from './coverage-real/survey.js';

const USAGE = `npm run coverage-real -- [options]
  --only TEXT     only libraries with this in their names, of
                  ${LIBRARIES.map((l) => l.name.split('/').at(-1) ?? '').join(', ')}
  --names         names all symbols that have no type, are refused, …`;

/** Prints what is known of each library; whether all is as it should be. */
export function coverage(libraries: readonly RealLibrary[], allNames = false): boolean {
  const findings: Finding[] = [];
  let isComplete = true;
  for (const about of libraries) {
    const path = pathOf(about);
    if (path === undefined || !existsSync(path)) {
      console.log(`${about.name}: not installed; its types are in ${about.from}\n`);
      isComplete = false;
      continue;
    }
    const library = openWithTypes(path, about.header);
    const surveyed = survey(library);
    const finding = { about, survey: surveyed, comparison: compare(library, about, surveyed.typed) };
    findings.push(finding);
    console.log(`${printFinding(finding, allNames)}\n`);
  }
  console.log(printTable(findings));
  return isComplete && findings.every(isGood);
}

/** The library, with the types that a header has, if one is given. */
function openWithTypes(path: string, header: string | undefined): Library {
  const library = Library.open(path);
  if (header === undefined) return library;
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  try {
    const types = join(folder, 'types.json');
    writeFileSync(types, makeTypesFile(library, { headers: [header] }).text);
    return library.withTypes({ types });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main(): void {
  const values = optionsOf(USAGE, { only: { type: 'string' }, names: { type: 'boolean' } });
  const { only = '' } = values;
  const chosen = LIBRARIES.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  if (!coverage(chosen, values.names)) process.exitCode = 1;
}

if (require.main === module) main();
