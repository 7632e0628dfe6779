import { FormatError } from '../errors.js';
import { INT, V, info, variable } from '../testing/dwarf-variable.js';
import { ByteWriter } from '../testing/dwarf-writer.js';
import { DW_AT, DW_FORM } from './constants.js';

/** A variable that file `file` declares, in a unit whose line table of DWARF 5 has `tables` for its directories and files. */
function declFile(tables: readonly number[], file: number): string | undefined {
  const header = new ByteWriter(true).raw([1, 1, 1, 0, 0, 1]).raw(tables).toBytes();
  const rest = new ByteWriter(true).uint(5, 2).raw([8, 0]).uint(header.length, 4).raw(header).toBytes();
  const line = new ByteWriter(true).uint(rest.length, 4).raw(rest).toBytes();
  const declared = variable('int', [[DW_AT.decl_file, DW_FORM.data1, file]]);
  const unit = { attributes: [[DW_AT.stmt_list, DW_FORM.sec_offset, 0]] as const, children: [INT, declared] };
  const found = info([unit], { sections: { '.debug_line': line } }).symbol(V);
  return 'reason' in found ? found.reason : found.declFile;
}

const text = (value: string): number[] => [...Buffer.from(value), 0];
/** One format: the path as text (DW_LNCT_path, DW_FORM_string). */
const PATHS = [1, 1, DW_FORM.string];
const DIRECTORY = [...PATHS, 1, ...text('/src')];
/** The same, of an attribute that takes no bytes. */
const FLAGS = [1, 0x2000, DW_FORM.flag_present];

describe('the directories and files of DWARF 5 (DWARF v5 §6.2.4.1)', () => {
  it.each<[string, readonly number[], string | undefined]>([
    ['with paths', [...DIRECTORY, ...PATHS, 2, ...text('a.c'), ...text('b.c')], '/src/b.c'],
    ['that are none, with a format', [...PATHS, 0, ...PATHS, 0], undefined],
    ['that are none, without one', [0, 0, 0, 0], undefined],
    ['of which the files have no format', [...DIRECTORY, 0, 0], undefined],
  ])('%s', (_, tables, expected) => {
    expect(declFile(tables, 1)).toBe(expected);
  });

  const HUGE = [0xff, 0xff, 0xff, 0xff, 0x0f];
  it.each<[string, readonly number[]]>([
    ['directories without a format', [0, 1, ...PATHS, 1, ...text('a.c')]],
    ['files without a format', [...DIRECTORY, 0, 2]],
    ['four thousand million files without a format', [...DIRECTORY, 0, ...HUGE]],
    ['files whose forms take no bytes', [...DIRECTORY, ...FLAGS, ...HUGE]],
    ['directories whose forms take no bytes', [...FLAGS, ...HUGE, ...PATHS, 0]],
  ])('%s are refused, as there would be no end of them', (_, tables) => {
    expect(() => declFile(tables, 1)).toThrow(FormatError);
    expect(() => declFile(tables, 1)).toThrow('file names of no bytes');
  });
});
