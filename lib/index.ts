export { isPluginError, PluginError, type PluginErrorCode } from './errors.js';
export { Type } from './ctypes/type.js';
export { findLibrary } from './elf/search.js';
export { inspect, type LibraryInfo, type SectionInfo, type SymbolInfo } from './library/inspect.js';
export { free } from './ffi/heap.js';
export { Pointer } from './ffi/values/pointer.js';
export { addressOf, sizeOf, typeOf } from './ffi/values/reflect.js';
export type { ArrayView } from './ffi/values/array.js';
export type { TypedArray } from './ffi/values/machine.js';
export { snapshot } from './ffi/values/snapshot.js';
export type {
  AnyFunction,
  AnyPointer,
  AnySymbol,
  FunctionProperties,
  Variable,
} from './plugin/any-symbol.js';
export { open, openAsync } from './plugin/open.js';
export type { OpenOptions } from './plugin/options.js';
export { Plugin } from './plugin/plugin.js';
