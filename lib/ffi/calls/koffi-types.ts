import { koffi } from '../koffi.js';

/*
 * koffi's types, all of them anonymous: its named ones are global to the process. It keeps every type that it has made for good, so that those which look the
 * same are made once: a function pointer that is read again and again is bound again and again.
 */

type Made = ReturnType<typeof koffi.struct>;
/** A type as koffi takes it: a name, or an anonymous type. */
export type KoffiType = string | Made;

const made = new Map<string, Made>();
/** What each was made of, as text. */
const texts = new WeakMap<Made, string>();

function once(text: string, make: () => Made): Made {
  let type = made.get(text);
  if (type === undefined) {
    made.set(text, (type = make()));
    texts.set(type, text);
  }
  return type;
}

function textOf(type: KoffiType): string {
  return typeof type === 'string' ? type : (texts.get(type) ?? '');
}

/** A struct of two registers. */
export function pairOf(a: KoffiType, b: KoffiType): KoffiType {
  return once(`{${textOf(a)},${textOf(b)}}`, () => koffi.struct({ a, b }));
}

/** A struct of nothing but bytes, given and taken as `element`s. */
export function bytesOf(element: 'uint8' | 'float', length: number): KoffiType {
  return once(`{${element}[${length}]}`, () => koffi.struct({ bytes: koffi.array(element, length) }));
}

/** A function. May throw: koffi has limits of its own. */
export function functionOf(result: KoffiType, parameters: readonly KoffiType[]): Made {
  return once(`${textOf(result)}(${parameters.map(textOf).join()})`, () =>
    koffi.proto(result, [...parameters]),
  );
}

/** A pointer to a function. */
export function pointerTo(target: Made): Made {
  return once(`*${textOf(target)}`, () => koffi.pointer(target));
}
