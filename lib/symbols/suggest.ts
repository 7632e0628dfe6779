/** The names closest to `name`, the best first: at most `count`, none that differs by more than a third of the longer one, or in more than case if both are short. */
export function suggest(name: string, names: Iterable<string>, count = 3): string[] {
  const scored: { name: string; distance: number }[] = [];
  for (const candidate of names) {
    const limit = Math.floor(Math.max(name.length, candidate.length) / 3);
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit) scored.push({ name: candidate, distance });
  }
  return scored
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map((s) => s.name);
}

/** How many letters are to be inserted, left out, replaced or swapped with the next one (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    [beforeLast, last, row] = [last, row, [i]];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row[j] = best;
    }
  }
  return row[b.length] ?? 0;
}
