import { StringTable } from './string-table.js';

it('gives texts that share their ends, but not as many as damage can make of them', () => {
  const table = new StringTable('.dynstr', Buffer.from(`\0${'x'.repeat(100_000)}\0`));
  const nameAt = table.batch().at;
  expect(nameAt(99_000)).toHaveLength(1001);
  expect(() => {
    for (let offset = 1; offset <= 100_000; offset++) nameAt(offset);
  }).toThrow('the strings overlap too often');
  expect(table.at(1)).toHaveLength(100_000);
});
