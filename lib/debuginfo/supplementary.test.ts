import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ElfFile } from '../elf/file.js';
import { buildId } from '../elf/note.js';
import { allTypes } from '../testing/all-types.js';
import { DwarfFile } from '../testing/dwarf-file.js';
import { describeWith, FIXTURES, run } from '../testing/tools.js';
import { openSupplementary } from './supplementary.js';

const SOURCES = ['dwarf/sample.c', 'dwarf/sample2.c'].map((source) => join(FIXTURES, source));

const root = mkdtempSync(join(tmpdir(), 'dwz-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Two libraries of the same source, and what dwz found in both, in a folder of that name. */
function share(name: string, flags: readonly string[], options: readonly string[] = []): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [output, level] of [
    ['a.so', '-O1'],
    ['b.so', '-O0'],
  ] as const) {
    run('gcc', ['-w', '-g', '-shared', '-fPIC', level, ...flags, '-o', output, ...SOURCES], { cwd: folder });
    copyFileSync(join(folder, output), join(folder, `plain-${output}`));
  }
  run('dwz', [...options, '-m', 'common.debug', '-M', 'common.debug', 'a.so', 'b.so'], { cwd: folder });
  return folder;
}

const BUILDS = [['-gdwarf-3'], ['-gdwarf-4'], ['-gdwarf-4', '-fdebug-types-section'], ['-gdwarf-5']].flatMap(
  (flags) => [
    { flags: flags.join(' '), options: '', section: '.gnu_debugaltlink' },
    { flags: flags.join(' '), options: '--dwarf-5', section: '.debug_sup' },
  ],
);

describeWith(['gcc', 'dwz'], 'a supplementary file of dwz', () => {
  it.each(BUILDS)(
    'gives the types that were there before: $flags, dwz $options',
    ({ flags, options, section }) => {
      const folder = share(`${flags} ${options}`, flags.split(' '), options === '' ? [] : [options]);
      for (const library of ['a.so', 'b.so']) {
        using file = ElfFile.open(join(folder, library));
        expect(file.section(section)).toBeDefined();
        expect(allTypes(new DwarfFile(file.path))).toEqual(
          allTypes(new DwarfFile(join(folder, `plain-${library}`))),
        );
      }
    },
  );

  it.each(['-gdwarf-4', '-gdwarf-5'])('is not needed for what one library has twice: %s', (version) => {
    const folder = join(root, `single ${version}`);
    mkdirSync(folder);
    const [plain, single] = [join(folder, 'plain.so'), join(folder, 'single.so')];
    run('gcc', ['-w', '-g', version, '-shared', '-fPIC', '-o', plain, ...SOURCES]);
    run('dwz', ['-o', single, plain]);
    expect(run('readelf', ['--debug-dump=info', single])).toContain('DW_TAG_partial_unit');
    expect(allTypes(new DwarfFile(single))).toEqual(allTypes(new DwarfFile(plain)));
  });

  describe('that is not there', () => {
    let folder: string;
    beforeAll(() => {
      folder = share('missing', ['-gdwarf-4']);
    });

    it('leaves what does not need it, and is named for the rest', () => {
      const common = join(folder, 'common.debug');
      using alt = ElfFile.open(common);
      const id = buildId(alt) ?? '';
      renameSync(common, join(folder, 'away.debug'));
      const file = new DwarfFile(join(folder, 'a.so'));
      const byId = `/usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`;
      const reason =
        `its debug info needs a file that dwz made, common.debug with the build-id ${id}, which was not found\n` +
        `  ${common}: ENOENT: no such file or directory, open '${common}'\n` +
        `  ${byId}: ENOENT: no such file or directory, open '${byId}'`;
      expect(file.symbol('add')).toEqual({ reason });
      expect(file.symbol('g_point')).toEqual({ reason });
      expect(() => file.info.typeNamed('struct', 'point')).not.toThrow();
      expect(() => file.info.constants()).not.toThrow();
      renameSync(join(folder, 'away.debug'), common);
    });

    it('is not replaced by that of another library', () => {
      const other = share('other', ['-gdwarf-4', '-DOTHER', '-O3']);
      const [common, wrong] = [join(folder, 'common.debug'), join(other, 'common.debug')];
      using alt = ElfFile.open(wrong);
      const id = buildId(alt) ?? '';
      copyFileSync(common, join(folder, 'right.debug'));
      copyFileSync(wrong, common);
      const symbol = new DwarfFile(join(folder, 'a.so')).symbol('add');
      expect('reason' in symbol && symbol.reason).toContain(`${common}: its build-id is ${id}\n`);
      copyFileSync(join(folder, 'right.debug'), common);
      expect(new DwarfFile(join(folder, 'a.so')).print('add')).toBe('int add(int a, int b)');
    });
  });

  describe('is found', () => {
    let folder: string;
    beforeAll(() => {
      folder = join(root, 'places');
      mkdirSync(join(folder, 'debug/.dwz'), { recursive: true });
      for (const output of ['a.so', 'b.so']) {
        run('gcc', ['-w', '-g', '-shared', '-fPIC', '-o', output, ...SOURCES, `-DNAME=${output}`], {
          cwd: folder,
        });
      }
      run('dwz', ['-m', 'debug/.dwz/common.debug', '-M', '/nowhere/.dwz/common.debug', 'a.so', 'b.so'], {
        cwd: folder,
      });
    });

    const find = (directory: string): string => {
      using file = ElfFile.open(join(folder, 'a.so'));
      using found = openSupplementary(file, [join(folder, directory)]);
      return found.path;
    };

    it('under another debug directory', () => {
      expect(find('debug')).toBe(join(folder, 'debug/.dwz/common.debug'));
    });

    it('by its build-id', () => {
      const common = join(folder, 'debug/.dwz/common.debug');
      using file = ElfFile.open(common);
      const id = buildId(file) ?? '';
      mkdirSync(join(folder, 'by-id/.build-id', id.slice(0, 2)), { recursive: true });
      const path = join(folder, 'by-id/.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
      copyFileSync(common, path);
      expect(find('by-id')).toBe(path);
    });

    it('beside the file that a symbolic link leads to', () => {
      const shared = share('linked', ['-gdwarf-5']);
      const link = join(root, 'link.so');
      symlinkSync(join(shared, 'a.so'), link);
      expect(new DwarfFile(link).print('add')).toBe('int add(int a, int b)');
    });

    it('nowhere else', () => {
      expect(() => find('elsewhere')).toThrow('/nowhere/.dwz/common.debug with the build-id');
    });
  });
});
