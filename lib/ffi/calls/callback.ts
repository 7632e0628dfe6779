import { bare, type CType, type FunctionType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { messageOf, PluginError, typeError } from '../../errors.js';
import { hold } from '../block.js';
import { koffi } from '../koffi.js';
import { cCalls } from '../mapping.js';
import { arrayPlaceOf } from '../values/array.js';
import { describe } from '../values/check.js';
import type { Values } from '../values/codec.js';
import { toAddress } from '../values/pointer-codec.js';
import { Pointer } from '../values/pointer.js';
import { isRecordView } from '../values/record.js';
import { addressOf } from '../values/reflect.js';
import { passing, pointerResult, type Passing, type Refusal } from './passing.js';

/** Gives a callback's slot back (koffi has 8,192) when whatever kept it, a block of memory say, is gone. */
const slots = new FinalizationRegistry<bigint>(unregister);

/** The callbacks that live, by address: a function pointer that is read and stored elsewhere keeps its callback there, too. */
const alive = new Map<bigint, WeakRef<Callback>>();

function unregister(address: bigint): void {
  alive.delete(address);
  koffi.unregister(address);
}

/** How many callbacks of this thread are running, one called by the other. */
let running = 0;

export const UNPROTOTYPED =
  'the type of the pointer does not say the parameters: look the function up, or cast the pointer to a type that does';

/** A JavaScript function with an address that C can call. It lives until it is disposed or nothing refers to this object. */
export class Callback implements Disposable {
  readonly address: bigint;

  constructor(type: FunctionType, fn: (...args: unknown[]) => unknown, what: string, values: Values) {
    const refuse: (reason: string) => never = (reason) => {
      throw new PluginError('ERR_PLUGIN_UNSUPPORTED', `${what}: ${print(type)}: ${reason}`);
    };
    if (type.variadic) refuse("a variadic callback can't be served");
    if (!type.prototyped) refuse(UNPROTOTYPED);
    // koffi notes where its stack ends, and while a callback runs that is where C stood: called from above that end, a callback would run on
    // koffi's own stack, which to the engine is an overflow (koffi 3.3.4 call.cc, RelayCallback; ffi.cc, RegisterCallback).
    if (running > 0) refuse("a callback can't be made while another runs: make it before the call");
    const parameters = type.parameters.map((p, i): Incoming => {
      const t = bare(p.type);
      if (t.kind === 'pointer') return pointerResult(t, values);
      const how = passing(p.type, values);
      return 'refused' in how ? refuse(`parameter ${i + 1} ${how.refused}`) : how;
    });
    const result = outgoing(type.result, `the result of the callback ${fn.name}`, values);
    if ('refused' in result) refuse(`the result ${result.refused}`);
    const proto = koffi.proto(
      result.koffi,
      parameters.map((p) => p.koffi),
    );
    const called = (...raw: unknown[]): unknown => {
      running++;
      try {
        return result.toC(fn(...parameters.map((p, i) => (p.fromC ? p.fromC(raw[i]) : raw[i]))));
      } finally {
        running--;
        cCalls.made++;
      }
    };
    try {
      this.address = koffi.register(called, koffi.pointer(proto));
    } catch (error) {
      refuse(messageOf(error));
    }
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

/** How an argument of C's comes in. */
type Incoming = Pick<Passing, 'koffi' | 'fromC'>;

/** How what the function returns goes to C. */
interface Outgoing {
  readonly koffi: string;
  toC(value: unknown): unknown;
}

/** How a result of `type` goes to C. What a pointer leads to must outlive the call: it is kept until the function has returned the next one. */
function outgoing(type: CType, what: string, values: Values): Outgoing | Refusal {
  const t = bare(type);
  if (t.kind === 'void') return { koffi: 'void', toC: () => undefined };
  if (t.kind !== 'pointer') {
    const how = passing(type, values);
    return 'refused' in how ? how : { koffi: how.koffi, toC: (v) => how.toC(v, what, { lent: undefined }) };
  }
  let last: unknown;
  const toC = (value: unknown): bigint => {
    const pointer =
      isRecordView(value) || arrayPlaceOf(value) !== undefined ? addressOf(value as object) : value;
    if (typeof pointer === 'object' && pointer !== null && !(pointer instanceof Pointer)) {
      const reason = 'nobody would keep it for C: return a Pointer (of alloc or malloc) or a view';
      throw typeError(
        'ERR_INVALID_ARG_TYPE',
        `${what}: ${describe(value)} can't go to C as ${print(type)}: ${reason}`,
      );
    }
    const { address, kept } = toAddress(type, t, pointer, what, values);
    hold(kept, 1);
    hold(last, -1);
    last = kept;
    return address;
  };
  return { koffi: 'void *', toC };
}
