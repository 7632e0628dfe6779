import { koffi } from './koffi.js';

/**
 * Memory of C's as JavaScript sees it. Node lets a buffer lie over any memory; an engine with a memory cage does not: in Electron
 * `napi_create_external_arraybuffer` fails (Node-API, `napi_no_external_buffers_allowed`). There the bytes are copied at each access.
 */

/** Loaded where the engine forbids buffers over C's memory. */
const copies = () => require('./copying-view.js') as typeof import('./copying-view.js');

/**
 * Whether the engine gives no buffers. One that is known not to is not asked: koffi ends the process when it is told so (3.3.4, `View` in ffi.cc
 * looks at the buffer that was not made).
 */
let refused = 'electron' in process.versions || hasSandbox();

/** Whether the engine was built with V8's sandbox, outside of which no buffer may lie. */
function hasSandbox(): boolean {
  const variables: Readonly<Record<string, unknown>> = process.config.variables;
  return variables['v8_enable_sandbox'] === 1;
}

/** A buffer over the `size` bytes at `address`, which are mapped; undefined where the engine forbids it. */
export function bufferOver(address: bigint | number, size: number): ArrayBuffer | undefined {
  if (size === 0) return new ArrayBuffer(0);
  if (refused) return undefined;
  try {
    return koffi.view(address, size);
  } catch {
    // There is no other reason: koffi has got an empty buffer for memory that is there.
    refused = true;
    return undefined;
  }
}

/** The same for reading and writing, in any engine. */
export function dataOver(address: bigint | number, size: number): DataView<ArrayBuffer> {
  const buffer = bufferOver(address, size);
  return buffer === undefined ? new (copies().CopyingView)(BigInt(address), size) : new DataView(buffer);
}

/** A copy of the `size` bytes at `address`. */
export function copyOf(address: bigint, size: number): Uint8Array<ArrayBuffer> {
  const data = dataOver(address, size);
  return isCopying(data) ? data.read(0, size) : new Uint8Array(data.buffer).slice();
}

/** `size` bytes of `data`, from `offset` on. */
export function partOf(data: DataView<ArrayBuffer>, offset: number, size: number): DataView<ArrayBuffer> {
  return isCopying(data)
    ? data.part(offset, size)
    : new DataView(data.buffer, data.byteOffset + offset, size);
}

/** A typed array of the one number at `address`, or what stands for it. */
export function int32Over(address: bigint): Record<number, number> {
  const buffer = bufferOver(address, 4);
  if (buffer !== undefined) return new Int32Array(buffer);
  const data = dataOver(address, 4);
  return new (copies().CopyingElement)(
    () => data.getInt32(0, true),
    (value) => {
      data.setInt32(0, value, true);
    },
  );
}

/** Whether the bytes are elsewhere: what is made of `data.buffer` has none of them. */
export function isCopying(
  data: DataView<ArrayBuffer>,
): data is InstanceType<typeof import('./copying-view.js').CopyingView> {
  return refused && data instanceof copies().CopyingView;
}
