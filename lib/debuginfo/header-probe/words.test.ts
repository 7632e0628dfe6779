import { thrownBy } from '../../testing/fixture.js';
import { describeWith, run } from '../../testing/tools.js';
import { quoted, words } from './words.js';

const TEXTS = [
  '',
  '  -I/opt/include   -DX=1 ',
  `-DNAME='"quoted text"' -DOTHER="a \\"b\\" \\\\ \\c"`,
  `a\\ b 'c d'"e f"g`,
  `'' ""`,
  'tab\tand\nline',
];

describeWith(['sh'], 'words', () => {
  it.each(TEXTS)('%j are those of the shell', (text) => {
    const list = run('sh', ['-c', `for w in ${text.replaceAll('\n', ' ')}; do printf '%s\\0' "$w"; done`]);
    expect(words(text)).toEqual(list.split('\0').slice(0, -1));
  });

  it.each([`"unclosed`, `-DA 'x`, `a"b\\"`, 'a\\'])('%j is not closed', (text) => {
    expect(thrownBy(() => words(text))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/^nothing closes the ["'\\] in /) as string,
    });
  });

  it.each(['plain', 'with blank', `it's`, '$HOME `x` "y" \\', '', '--cflags=-I /x'])(
    '%j comes out as it went in',
    (word) => {
      expect(run('sh', ['-c', `printf %s ${quoted(word)}`])).toBe(word);
      expect(words(quoted(word))).toEqual([word]);
    },
  );
});
