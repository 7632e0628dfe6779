import { sizeOf } from '../layout.js';
import { integerLiteral } from '../literals.js';
import { bare, type CType } from '../model.js';
import { print } from '../print.js';
import type { Tokens } from '../tokens.js';
import { stringText } from './preprocess.js';

/** A number with its type: the bytes it has, at least an int's, and its sign. */
export interface Constant {
  readonly value: bigint;
  readonly size: number;
  readonly signed: boolean;
}

/** What an expression may refer to. */
export interface ConstantScope {
  /** Undefined if the name is no constant's. */
  constant(name: string): Constant | undefined;
  /** Whether a type is next. */
  opensType(): boolean;
  /** Reads a type. */
  type(): CType;
  alignOf(type: CType): number;
}

/** The binary operators and how strong they bind (C17 §6.5.5-14). */
const BINARY: ReadonlyMap<string, number> = new Map(
  ['||', '&&', '|', '^', '&', '== !=', '< > <= >=', '<< >>', '+ -', '* / %'].flatMap((operators, strength) =>
    operators.split(' ').map((operator): [string, number] => [operator, strength + 1]),
  ),
);

const ALIGNOF: ReadonlySet<string> = new Set(['_Alignof', 'alignof', '__alignof__', '__alignof']);

/** A value as C types it where nothing says otherwise: an int, a long, or an unsigned long. */
export function constantOf(value: bigint): Constant {
  if (BigInt.asIntN(32, value) === value) return { value, size: 4, signed: true };
  return { value, size: 8, signed: BigInt.asIntN(64, value) === value };
}

/** Reads an integer constant expression (C17 §6.6p6), as gcc takes it on a 64-bit machine. */
export function readConstant(tokens: Tokens, scope: ConstantScope): Constant {
  return new Expression(tokens, scope).conditional();
}

class Expression {
  readonly #tokens: Tokens;
  readonly #scope: ConstantScope;
  /** Not where another operand decides: `1 || 1 / 0` is 1. */
  #isEvaluated = true;

  constructor(tokens: Tokens, scope: ConstantScope) {
    this.#tokens = tokens;
    this.#scope = scope;
  }

  conditional(): Constant {
    return this.#tokens.nested(() => {
      const condition = this.#binary(1);
      if (!this.#tokens.take('?')) return condition;
      const isTrue = condition.value !== 0n;
      const left = this.#if(isTrue, () => this.conditional());
      this.#tokens.expect(':');
      const right = this.#if(!isTrue, () => this.conditional());
      return converted((isTrue ? left : right).value, left, right);
    });
  }

  /** Reads an operand, which says nothing unless `isEvaluated`. */
  #if(isEvaluated: boolean, read: () => Constant): Constant {
    const before = this.#isEvaluated;
    this.#isEvaluated = before && isEvaluated;
    const value = read();
    this.#isEvaluated = before;
    return value;
  }

  /** Operators that bind at least as strong as `strength`, from left to right. */
  #binary(strength: number): Constant {
    let left = this.#unary();
    for (;;) {
      const { position } = this.#tokens;
      const operator = this.#tokens.peek() ?? '';
      const binds = BINARY.get(operator);
      if (binds === undefined || binds < strength) return left;
      this.#tokens.position++;
      const decides = (operator === '||' && left.value !== 0n) || (operator === '&&' && left.value === 0n);
      const right = this.#if(!decides, () => this.#binary(binds + 1));
      left = this.#apply(operator, left, right, position);
    }
  }

  #apply(operator: string, a: Constant, b: Constant, position: number): Constant {
    const common = converted(0n, a, b);
    const [x, y] = [wrap(a.value, common), wrap(b.value, common)];
    const arithmetic = (value: bigint): Constant => ({ ...common, value: wrap(value, common) });
    switch (operator) {
      case '||':
        return truth(a.value !== 0n || b.value !== 0n);
      case '&&':
        return truth(a.value !== 0n && b.value !== 0n);
      case '|':
        return arithmetic(x | y);
      case '^':
        return arithmetic(x ^ y);
      case '&':
        return arithmetic(x & y);
      case '==':
        return truth(x === y);
      case '!=':
        return truth(x !== y);
      case '<':
        return truth(x < y);
      case '>':
        return truth(x > y);
      case '<=':
        return truth(x <= y);
      case '>=':
        return truth(x >= y);
      case '<<':
      case '>>': {
        if (b.value < 0n || b.value >= a.size * 8) {
          if (this.#isEvaluated) this.#tokens.fail('the shift is by more bits than there are', position);
          return a;
        }
        return { ...a, value: wrap(operator === '<<' ? a.value << b.value : a.value >> b.value, a) };
      }
      case '+':
        return arithmetic(x + y);
      case '-':
        return arithmetic(x - y);
      case '*':
        return arithmetic(x * y);
      default:
        if (y !== 0n) return arithmetic(operator === '/' ? x / y : x % y);
        if (this.#isEvaluated) this.#tokens.fail('this divides by 0', position);
        return arithmetic(0n);
    }
  }

  #unary(): Constant {
    const tokens = this.#tokens;
    const word = tokens.peek();
    switch (word) {
      case '+':
      case '-':
      case '~':
      case '!': {
        tokens.position++;
        const operand = tokens.nested(() => this.#unary());
        if (word === '!') return truth(operand.value === 0n);
        const value = word === '-' ? -operand.value : word === '~' ? ~operand.value : operand.value;
        return { ...operand, value: wrap(value, operand) };
      }
      case '__extension__':
        tokens.position++;
        return tokens.nested(() => this.#unary());
      case '(':
        return this.#parenthesis();
      default:
        if (word === 'sizeof' || (word !== undefined && ALIGNOF.has(word))) return this.#measure(word);
        return this.#primary(word);
    }
  }

  /** `(a + b)`, or a cast. */
  #parenthesis(): Constant {
    const tokens = this.#tokens;
    tokens.expect('(');
    if (!this.#scope.opensType()) {
      const value = this.conditional();
      tokens.expect(')');
      return value;
    }
    const { position } = tokens;
    const type = bare(tokens.nested(() => this.#scope.type()));
    tokens.expect(')');
    const operand = tokens.nested(() => this.#unary());
    if (type.kind === 'bool') return truth(operand.value !== 0n);
    if ((type.kind !== 'int' && type.kind !== 'enum') || type.size === undefined)
      return tokens.fail(`a constant is a whole number, not ${print(type)}`, position);
    const value = wrap(operand.value, { size: type.size, signed: type.signed });
    return type.size < 4 ? { value, size: 4, signed: true } : { value, size: type.size, signed: type.signed };
  }

  /** `sizeof(int)`, `_Alignof(int)`: a `size_t`. */
  #measure(word: string): Constant {
    const tokens = this.#tokens;
    tokens.position++;
    tokens.expect('(');
    if (!this.#scope.opensType()) tokens.fail(`${word} is understood of types only`);
    const { position } = tokens;
    const type = tokens.nested(() => this.#scope.type());
    tokens.expect(')');
    const size = sizeOf(type);
    if (size === undefined) return tokens.fail(`${print(type)} has no size here`, position);
    return { value: BigInt(word === 'sizeof' ? size : this.#scope.alignOf(type)), size: 8, signed: false };
  }

  #primary(word: string | undefined): Constant {
    const tokens = this.#tokens;
    const value = word === undefined ? undefined : (literal(word) ?? this.#scope.constant(word));
    if (value === undefined) {
      const isName = word !== undefined && /^[\p{XID_Start}_$]/u.test(word);
      return tokens.fail(isName ? `there is no constant '${word}' here` : 'a whole number is missing here');
    }
    tokens.position++;
    return value;
  }
}

const truth = (is: boolean): Constant => ({ value: is ? 1n : 0n, size: 4, signed: true });

/** `value` in as many bytes. */
function wrap(value: bigint, { size, signed }: Omit<Constant, 'value'>): bigint {
  return signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
}

/** `value` in the type that both operands are converted to (C17 §6.3.1.8). */
function converted(value: bigint, a: Constant, b: Constant): Constant {
  const size = Math.max(a.size, b.size);
  const signed = (a.size < size || a.signed) && (b.size < size || b.signed);
  return { value: wrap(value, { size, signed }), size, signed };
}

function literal(word: string): Constant | undefined {
  if (/^[LuU]?'|^u8'/.test(word)) return characterLiteral(word);
  const found = integerLiteral(word);
  if (found === undefined) return undefined;
  const { value, longs, decimal } = found;
  // The first of these types that has the value (C17 §6.4.4.1p5).
  for (const size of longs > 0 ? [8] : [4, 8]) {
    if (!found.unsigned && BigInt.asIntN(size * 8, value) === value) return { value, size, signed: true };
    const mayBeUnsigned = found.unsigned || !decimal || size === 8;
    if (mayBeUnsigned && BigInt.asUintN(size * 8, value) === value) return { value, size, signed: false };
  }
  return undefined;
}

/** `'a'`, an int; `L'a'`, `u'a'`. Several characters, whose value is the compiler's own, are none. */
function characterLiteral(word: string): Constant | undefined {
  const text = stringText(word);
  const code = text?.codePointAt(0);
  if (text === undefined || code === undefined || text.length > (code > 0xffff ? 2 : 1)) return undefined;
  if (!word.startsWith("'")) return { value: BigInt(code), size: 4, signed: word.startsWith('L') };
  return code > 0xff ? undefined : { value: BigInt.asIntN(8, BigInt(code)), size: 4, signed: true };
}
