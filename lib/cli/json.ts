/** Writes `value` as JSON to standard output; what JSON has no number for, a bigint, as its decimal digits in a string. */
export function writeJson(value: unknown): void {
  const text = JSON.stringify(
    value,
    (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part),
    2,
  );
  process.stdout.write(`${text}\n`);
}
