import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeTypesFile } from '../../library/types-file.js';
import { open } from '../../plugin/open.js';
import { libraryOf } from '../../plugin/plugin.js';
import type { Session } from './session.js';

/** The headers that were loaded, by the path of the library that they type: a later one adds to them. */
const loaded = new WeakMap<Session, Map<string, readonly string[]>>();

/** `.load` of a header: asks the C compiler what it declares, and opens the library again with these types. */
export function loadHeader(session: Session, name: string): void {
  const bare = name.replace(/^[<"](.*)[>"]$/, '$1');
  // A file that is here goes first, as with #include "…".
  const header = !bare.startsWith('/') && !name.startsWith('<') && existsSync(bare) ? `./${bare}` : bare;
  const { path } = session.current;
  const before = loaded.get(session) ?? new Map<string, readonly string[]>();
  const headers = [...(before.get(path) ?? []).filter((earlier) => earlier !== header), header];
  const made = makeTypesFile(libraryOf(session.current), { headers });
  loaded.set(session, before.set(path, headers));
  const folder = mkdtempSync(join(tmpdir(), 'elf-plugin-'));
  try {
    const file = join(folder, 'header.types.json');
    writeFileSync(file, made.text);
    session.use(open(path, { ...session.options, types: file }));
  } finally {
    // It is read when the library is opened.
    rmSync(folder, { recursive: true });
  }
  session.say(`types of ${made.typed} of ${made.exported} exported symbols`);
}
