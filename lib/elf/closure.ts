import { FormatError } from '../errors.js';
import { readDynamic } from './dynamic.js';
import { ElfFile } from './file.js';
import { LibrarySearch, requesterOf, type Requester } from './search.js';

/** A library that another file needs. */
export interface Dependency {
  /** As the file names it: `libz.so.1`. */
  readonly name: string;
  /** The path of the file that needs it, the first one if there are several. */
  readonly requestedBy: string;
  /** Where it is; undefined if it was not found. */
  readonly path: string | undefined;
  /** The places where it was looked for in vain. */
  readonly tried: readonly string[];
  /** With `keepOpen`, what it is, unless that can't be read: whoever asked for it closes it. */
  file?: ElfFile;
}

export interface ClosureOptions {
  search?: LibrarySearch;
  /** Whether a library, by its name in DT_NEEDED or by its path, is in the process: it is then neither looked for nor walked. */
  isLoaded?: (nameOrPath: string) => boolean;
  keepOpen?: boolean;
}

/**
 * The libraries that `file` needs, and those that they need, in the order in which the linker maps them: breadth first.
 * One that can't be read ends the walk there, and is listed.
 */
export function neededClosure(file: ElfFile, options: ClosureOptions = {}): Dependency[] {
  const { search = new LibrarySearch(), isLoaded = () => false, keepOpen = false } = options;
  const found: Dependency[] = [];
  const names = new Set<string>();
  const identities = new Set([file.identity]);

  /** Adds what one file needs; returns the new files that are to be walked in turn. */
  const visit = (visited: ElfFile, loader?: Requester): Pending[] => {
    const dynamic = readDynamic(visited);
    if (dynamic === undefined) return [];
    if (dynamic.soname !== undefined) names.add(dynamic.soname);
    const requester = requesterOf(visited, dynamic, loader);
    const pending: Pending[] = [];
    for (const name of dynamic.needed) {
      if (names.has(name) || isLoaded(name)) continue;
      names.add(name);
      const result = search.findNeeded(name, requester);
      if (result.path !== undefined && isLoaded(result.path)) continue;
      const dependency: Dependency = { name, requestedBy: visited.path, ...result };
      found.push(dependency);
      if (result.path !== undefined) pending.push({ dependency, path: result.path, requester });
    }
    return pending;
  };

  const queue = visit(file);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    try {
      const opened = ElfFile.open(next.path);
      if (keepOpen) next.dependency.file = opened;
      try {
        if (identities.has(opened.identity)) continue;
        identities.add(opened.identity);
        for (const pending of visit(opened, next.requester)) queue.push(pending);
      } finally {
        if (!keepOpen) opened.close();
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return found;
}

interface Pending {
  readonly dependency: Dependency;
  readonly path: string;
  readonly requester: Requester;
}
