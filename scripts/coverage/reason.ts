const REASON = /\/[/*].*?No test gets here: (.*?)(?: *\*\/.*)?$/;

/** Why no test runs what begins in line `index`: `// No test gets here: …` at its end or above it, which the comment may go on after. */
export function reasonOf(lines: readonly string[], index: number): string | undefined {
  const own = REASON.exec(lines[index] ?? '')?.[1];
  if (own !== undefined) return own;
  let after = '';
  for (let i = index - 1; /^\s*\/\//.test(lines[i] ?? ''); i--) {
    const line = lines[i] ?? '';
    const [, reason] = REASON.exec(line) ?? [];
    if (reason !== undefined) return reason + after;
    after = ` ${line.trim().replace(/^\/\/ */, '')}${after}`;
  }
  return undefined;
}
