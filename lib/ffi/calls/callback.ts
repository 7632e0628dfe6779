import { bare, type FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { PluginError } from '../../errors.js';
import { koffi } from '../koffi.js';
import type { Values } from '../values/codec.js';
import { passing, type Passing } from './passing.js';

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
  readonly address: bigint;

  constructor(type: FunctionType, fn: (...args: unknown[]) => unknown, what: string, values: Values) {
    const part = (of: FunctionType['result'], name: string): Passing => {
      const how = passing(of, values);
      if ('refused' in how) {
        throw new PluginError('ERR_PLUGIN_UNSUPPORTED', `${what}: ${print(type)}: ${name} ${how.refused}`);
      }
      return how;
    };
    const result = part(type.result, 'the result');
    const parameters = type.parameters.map((p, i) => part(p.type, `parameter ${i + 1}`));
    if (type.variadic)
      throw new PluginError(
        'ERR_PLUGIN_UNSUPPORTED',
        `${what}: ${print(type)}: a variadic callback can't be served`,
      );
    const proto = koffi.proto(
      result.koffi,
      parameters.map((p) => p.koffi),
    );
    const isVoid = bare(type.result).kind === 'void';
    const called = (...raw: unknown[]): unknown => {
      const value = fn(...parameters.map((p, i) => (p.fromC ? p.fromC(raw[i]) : raw[i])));
      // What a callback returns by pointer must outlive this call, so there is nothing to copy back to.
      return isVoid
        ? undefined
        : result.toC(value, `the result of the callback ${fn.name}`, { after: undefined });
    };
    this.address = koffi.register(called, koffi.pointer(proto));
    slots.register(this, this.address, this);
    alive.set(this.address, new WeakRef(this));
  }

  /** The callback that C would call at `address`; undefined if that is no callback. */
  static at(address: bigint): Callback | undefined {
    return alive.get(address)?.deref();
  }

  [Symbol.dispose](): void {
    if (slots.unregister(this)) unregister(this.address);
  }
}
