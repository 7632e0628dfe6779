import { ffiRs } from './ffi-rs.js';
import { rawKoffi } from './koffi.js';
import { nodeApi } from './node-api.js';
import { nodeFfi } from './node-ffi.js';
import type { Peer } from './peer.js';
import { typedArray } from './typed-array.js';

/** Measured on the Node that runs the benchmark. */
export const PEERS: readonly Peer[] = [rawKoffi, typedArray, nodeApi, ffiRs];
/** Measured, and this project beside them, on the Node that has `node:ffi`. */
export const NEW_PEERS: readonly Peer[] = [nodeFfi];
