import { mainSymbolAddress } from '../ffi/linker.js';
import { compile, describeWith } from '../testing/tools.js';
import { Library } from '../library/library.js';
import { interposerFor } from './live-symbols.js';
import { closeDependencies, findNewcomers } from './newcomers.js';

jest.mock('../ffi/linker.js', () => {
  const actual = jest.requireActual<typeof import('../ffi/linker.js')>('../ffi/linker.js');
  return { ...actual, mainSymbolAddress: jest.fn(actual.mainSymbolAddress) };
});

describeWith(['gcc'], 'a library that reads what the main program has copied out of libc', () => {
  const interposer = (): ReturnType<typeof interposerFor> => {
    const library = Library.open(
      compile('extern char **environ;\nchar **variables(void) { return environ; }\n'),
    );
    const newcomers = findNewcomers(library);
    const file = interposerFor(library.path, newcomers);
    closeDependencies(newcomers);
    return file;
  };

  it('is loaded behind an object that defines it', () => {
    expect(interposer()).toBeDefined();
  });

  it('is loaded alone with musl, which binds nothing deeply', () => {
    const asked = jest.mocked(mainSymbolAddress).mockImplementation((name) => {
      // Which glibc alone has.
      expect(name).toBe('gnu_get_libc_version');
      return undefined;
    });
    expect(interposer()).toBeUndefined();
    expect(asked).toHaveBeenCalled();
  });
});
