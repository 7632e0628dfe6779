import { isLibraryPath, isLibraryUrl } from './names.js';

it.each([
  ['/app/plugin_name.so', true],
  ['/usr/lib/libz.so.1', true],
  ['/usr/lib/libz.so.1.2.13', true],
  ['/usr/lib/libc-2.31.so', true],
  ['/app/mod.cpython-311-x86_64-linux-gnu.so', true],
  ['/app/plugin_name.so.js', false],
  ['/app/plugin_name.so.', false],
  ['/app/plugin_name.so.1.debug', false],
  ['/app/plugin_name.so/index.js', false],
  ['/app/also', false],
  ['/app/addon.node', false],
])('%s is a library: %s', (path, is) => {
  expect(isLibraryPath(path)).toBe(is);
  expect(isLibraryUrl(`file://${path}`)).toBe(is);
});

it.each([
  ['file:///app/x.so?a=1', true],
  ['file:///app/x.so?a=1#b', true],
  ['file:///app/x.js?y.so', false],
  ['file:///app/x.js#y.so', false],
  ['https://example.org/x.so', false],
  ['data:text/javascript,x.so', false],
])('%s is a library: %s', (url, is) => {
  expect(isLibraryUrl(url)).toBe(is);
});
