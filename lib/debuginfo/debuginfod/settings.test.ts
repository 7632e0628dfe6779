import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../../testing/debuginfod.js';
import { cacheFolder, debuginfodServers, readSettings } from './settings.js';

it.each([
  [undefined, []],
  ['', []],
  ['  ', []],
  ['https://debuginfod.debian.net', ['https://debuginfod.debian.net']],
  ['http://a/ http://b//  http://a', ['http://a', 'http://b']],
  ['ima:enforcing https://a ima:ignore https://b/sub/', ['https://a', 'https://b/sub']],
])('DEBUGINFOD_URLS=%s names %j', (urls, servers) => {
  expect(debuginfodServers(urls === undefined ? {} : { DEBUGINFOD_URLS: urls })).toEqual(servers);
});

it("has elfutils' defaults, but a limit of size", () => {
  expect(readSettings({ HOME: '/nonexistent' })).toEqual({
    servers: [],
    cache: '/nonexistent/.cache/debuginfod_client',
    timeout: 90,
    maxTime: 0,
    maxSize: 2 ** 32,
    retries: 2,
    headers: {},
    proxies: { http: undefined, https: undefined, none: '' },
    progress: false,
    verbose: false,
  });
});

it.each([
  ['DEBUGINFOD_TIMEOUT', '5', { timeout: 5 }],
  ['DEBUGINFOD_TIMEOUT', '0', { timeout: 0 }],
  ['DEBUGINFOD_TIMEOUT', '-1', { timeout: 0 }],
  ['DEBUGINFOD_TIMEOUT', 'soon', { timeout: 90 }],
  ['DEBUGINFOD_MAXTIME', '7', { maxTime: 7 }],
  ['DEBUGINFOD_MAXSIZE', '100', { maxSize: 100, headers: { 'X-DEBUGINFOD-MAXSIZE': '100' } }],
  ['DEBUGINFOD_MAXSIZE', '0', { maxSize: 0, headers: {} }],
  ['DEBUGINFOD_RETRY_LIMIT', '0', { retries: 0 }],
  ['DEBUGINFOD_PROGRESS', '1', { progress: true }],
  ['DEBUGINFOD_VERBOSE', '1', { verbose: true }],
  ['DEBUGINFOD_HEADERS_FILE', '/nonexistent/headers', { headers: {} }],
])('%s=%s', (name, value, expected) => {
  expect(readSettings({ [name]: value })).toMatchObject(expected);
});

describe('the cache is in', () => {
  let home: string;

  beforeEach(() => {
    home = newFolder();
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  it('DEBUGINFOD_CACHE_PATH, else the old folder, else XDG_CACHE_HOME, else ~/.cache', () => {
    const env: NodeJS.ProcessEnv = { HOME: home };
    expect(cacheFolder(env)).toBe(join(home, '.cache/debuginfod_client'));
    env['XDG_CACHE_HOME'] = '/xdg';
    expect(cacheFolder(env)).toBe('/xdg/debuginfod_client');
    mkdirSync(join(home, '.debuginfod_client_cache'));
    expect(cacheFolder(env)).toBe(join(home, '.debuginfod_client_cache'));
    env['DEBUGINFOD_CACHE_PATH'] = '/given';
    expect(cacheFolder(env)).toBe('/given');
    expect(cacheFolder({ DEBUGINFOD_CACHE_PATH: '', XDG_CACHE_HOME: '' })).toBe('/.cache/debuginfod_client');
  });
});
