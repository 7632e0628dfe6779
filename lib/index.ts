export {
  addressOf,
  callback,
  cast,
  findLibrary,
  free,
  inspect,
  open,
  openAsync,
  sizeOf,
  snapshot,
  typeOf,
} from './entry.js';
export { isPluginError, PluginError, type PluginErrorCode } from './errors.js';
export type { Callback } from './ffi/calls/callback.js';
export type { CValue } from './ffi/calls/c-value.js';
export { errno } from './ffi/state.js';
export { Pointer } from './ffi/values/pointer.js';
export type { Qualifier } from './ctypes/model.js';
export type { Type, TypeEnumerator, TypeMember, TypeParameter } from './ctypes/type.js';
export type { ArrayView } from './ffi/values/array.js';
export type { SnapshotOptions } from './ffi/values/snapshot.js';
export type { CFunction } from './ffi/values/codec.js';
export type { TypedArray } from './ffi/values/machine.js';
export type { Constants } from './library/constants.js';
export type { LibraryInfo, SectionInfo, SymbolInfo } from './library/inspect.js';
export type { SymbolKind } from './library/library.js';
export type {
  ArrayItems,
  Assigned,
  Bytes,
  Callable,
  Complex,
  Const,
  ConstArrayView,
  ConstPointer,
  ConstPointerArgument,
  ConstVariable,
  FunctionArgument,
  FunctionProperties,
  Initial,
  Opaque,
  PointerArgument,
  Snapshot,
  StoredPointer,
  TextArgument,
  Variable,
  VariadicArgument,
  View,
  VoidArgument,
  VoidPointer,
} from './ffi/typing/values.js';
export type { AnyFunction, AnyPointer, AnySymbol, AnySymbols } from './plugin/any-symbol.js';
export type { OpenOptions } from './plugin/options.js';
export type { Plugin } from './plugin/plugin.js';
