import { readFileSync, writeFileSync } from 'node:fs';
import { askServers } from './fetch.js';
import type { Settings } from './settings.js';

/*
 * The process that fetches a debug file while its parent waits (fetch-sync.ts): reads what to fetch from standard input, and writes the
 * result as JSON to descriptor 3.
 */
const { buildId, settings } = JSON.parse(readFileSync(0, 'utf8')) as { buildId: string; settings: Settings };
void askServers(buildId, settings).then((result) => {
  writeFileSync(3, JSON.stringify(result));
});
