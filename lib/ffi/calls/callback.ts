import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import type { FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { Type } from '../../ctypes/type.js';
import { messageOf, PluginError } from '../../errors.js';
import { hold } from '../block.js';
import { koffi } from '../koffi.js';
import { badAddress } from '../mapping.js';
import type { Values } from '../values/codec.js';
import type { KoffiType } from './koffi-types.js';
import { relayOf, type JsFunction, type Relay, type Target } from './relay.js';
import { state, type Owner } from '../state.js';
import { uncaughtException, watchUncaught } from './uncaught.js';

/** Gives a callback's slot back (koffi has 8,192) when whatever kept it, a block of memory say, is gone. */
const slots = new FinalizationRegistry<bigint>(unregister);

/** The callbacks that live, by address: a function pointer that is read and stored elsewhere keeps its callback there, too. */
const alive = new Map<bigint, WeakRef<Callback>>();

function unregister(address: bigint): void {
  alive.delete(address);
  koffi.unregister(address);
}

/** A JavaScript function with an address that C can call. It lives until it is disposed or nothing refers to this object. */
export class Callback implements Disposable {
  /** Where C calls it. */
  readonly address: bigint;
  readonly #type: FunctionType;
  readonly #target: { fn: JsFunction; readonly owners: Set<Owner> };
  #disposed = false;

  /**
   * Made by `callback`. `what` names the place that it is made for in messages.
   *
   * @internal
   */
  constructor(type: FunctionType, fn: JsFunction, what: string, values: Values) {
    const relay = relayOf(type, values);
    if ('refused' in relay) throw unserved(type, what, relay.refused);
    // koffi notes where its stack ends, and while a callback runs that is where C stood: called from above that end, a callback would run on
    // koffi's own stack, which to the engine is an overflow (koffi 3.3.4 call.cc, RelayCallback; ffi.cc, RegisterCallback).
    if (state.running > 0)
      throw unserved(type, what, "a callback can't be made while another runs: make it before the call");
    const owners = new Set<Owner>();
    // Nothing that koffi holds may lead to this object, or it would never be collected.
    const target = { fn, owners, owner: (): Owner | undefined => owners.values().next().value };
    this.address = register(relay.wrap(target), relay.koffi);
    this.#type = type;
    this.#target = target;
    slots.register(this, this.address, this);
    alive.set(this.address, new WeakRef(this));
  }

  /**
   * The callback that C would call at `address`; undefined if that is no callback.
   *
   * @internal
   */
  static at(address: bigint): Callback | undefined {
    return alive.get(address)?.deref();
  }

  /** The type of the C function that it is. */
  get type(): Type {
    return Type.of(this.#type);
  }

  /** Whether C may call it no more. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * `owner` takes what the callback throws in another thread, until it is told that the call is over.
   *
   * @internal
   */
  lend(owner: Owner): () => void {
    const { owners } = this.#target;
    owners.add(owner);
    return () => {
      owners.delete(owner);
    };
  }

  /** C must not call it any more: what it still calls throws in the caller of C, as far as that can be told. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    lasting.delete(this);
    alive.delete(this.address);
    slots.unregister(this);
    const { address } = this;
    this.#target.fn = () => {
      throw badAddress(address, 'the callback there was disposed');
    };
    retire(address);
  }

  /** Its type as C writes it: `int (*)(int)`. */
  toString(): string {
    return print({ kind: 'pointer', target: this.#type, size: 8 });
  }

  /** For `console.log` and the REPL: `Callback(int (*)(int))`. */
  [inspect.custom](): string {
    return `Callback(${this.toString()})`;
  }
}

function unserved(type: FunctionType, what: string, reason: string): PluginError {
  return new PluginError('ERR_PLUGIN_UNSUPPORTED', `${what}: ${print(type)}: ${reason}`);
}

/** When there is no slot left, those that wait are given back. */
function register(called: JsFunction, type: KoffiType): bigint {
  prepareExit();
  try {
    return koffi.register(called, type);
  } catch (error) {
    if (retired.length === 0) throw new PluginError('ERR_PLUGIN_UNSUPPORTED', messageOf(error));
    for (const address of retired.splice(0)) koffi.unregister(address);
    return register(called, type);
  }
}

let isReadyForExit = false;

/**
 * koffi's slots are shared by all threads, and it keeps those of a thread that has ended. In the main thread, a process that ends because nothing is left
 * to do frees what koffi calls JavaScript with (ffi.cc, the cleanup hook), and a thread of C that still calls aborts it: it ends as `process.exit` does, which frees nothing.
 */
function prepareExit(): void {
  if (isReadyForExit) return;
  isReadyForExit = true;
  if (isMainThread) {
    watchUncaught();
    process.on('exit', exitWithThreads);
  } else {
    process.once('exit', () => {
      for (const address of [...alive.keys(), ...retired]) koffi.unregister(address);
    });
  }
}

/** Listeners that were set up later run first, as nothing runs afterwards. An exception frees nothing either, and Node has yet to print it. */
function exitWithThreads(code: number): void {
  if (alive.size === 0 || uncaughtException() !== undefined) return;
  const listeners = process.listeners('exit');
  for (const later of listeners.slice(listeners.indexOf(exitWithThreads) + 1)) later.call(process, code);
  process.exit();
}

/**
 * A function for C to call until a call returns. It is registered like those that live longer: koffi's own way for such functions (3.3.4, ReserveTrampoline) calls C
 * with an address that is none when it has no slot left, and gives the address to another function at once.
 */
export function lendCallback(relay: Relay, target: Target): { address: bigint; end: () => void } {
  const address = register(relay.wrap(target), relay.koffi);
  const end = (): void => {
    target.fn = () => {
      throw badAddress(
        address,
        'the function there was passed for one call: pass a callback(fn, type), which lives until it is disposed',
      );
    };
    retire(address);
  };
  return { address, end };
}

/** What `callback` made and nobody has disposed of. */
const lasting = new Set<Callback>();

/** Addresses that C must not call any more, the oldest first. The next callback would get the address of the one that was given back last. */
const retired: bigint[] = [];
/** How many addresses are not given to others, to notice that C calls them. */
const MOST_RETIRED = 256;

function retire(address: bigint): void {
  retired.push(address);
  const oldest = retired.length > MOST_RETIRED ? retired.shift() : undefined;
  if (oldest !== undefined) koffi.unregister(oldest);
}

/** A callback that lives until it is disposed. */
export function lastingCallback(type: FunctionType, fn: JsFunction, values: Values): Callback {
  const made = new Callback(type, fn, 'callback', values);
  // Held by who made it: that it is stored somewhere, and that overwritten, does not end it.
  hold(made, 1);
  lasting.add(made);
  return made;
}
