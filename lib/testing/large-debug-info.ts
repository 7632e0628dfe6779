import { compile } from './tools.js';

/** A library whose compressed `.debug_info` takes some 50 KB, and thrice as much when it is not: structs and variables that nothing uses. */
export function largeDebugInfo(compression = 'zlib'): string {
  const lines = Array.from({ length: 1500 }, (_, i) => {
    const field = (i * 7919) % 1009;
    return `struct s${i} { int a${field}; struct s${(i * 31) % 1500} *next; char text[${field + 1}]; } v${i};`;
  });
  return compile(`${lines.join('\n')}\n`, { flags: [`-gz=${compression}`, '-g', '-shared', '-fPIC'] });
}
