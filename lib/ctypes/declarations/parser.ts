import { IGNORED, isName, qualifierOf } from '../keywords.js';
import { alignOf, namedMembers, sizeOf } from '../layout.js';
import { bare, type CType, type Enumerator, type EnumType } from '../model.js';
import { TYPE_WORDS } from '../names.js';
import { print } from '../print.js';
import type { Token, Tokens } from '../tokens.js';
import { TypeParser, type Tag, type Typed } from '../type-parser.js';
import {
  Attributes,
  checkAlignment,
  opensAttributes,
  readAttributes,
  skipParentheses,
} from './attributes.js';
import { constantOf, readConstant, type Constant, type ConstantScope } from './expression.js';
import { layoutEnum } from './enum-layout.js';
import type { PackStack } from './pack.js';
import { stringText } from './preprocess.js';
import { holdsBits, layoutRecord, MAX_UNIT, type Field } from './record-layout.js';
import type { EnumBody, RecordBody, Scope } from './scope.js';
import { vectorOf, withMode } from './type-attributes.js';

/** What stands among specifiers besides the type. */
interface Specifiers {
  readonly type: CType;
  readonly storage: ReadonlyMap<string, number>;
  readonly attributes: Attributes;
  /** Whether a struct, union or enum is defined or declared here, and not by the name of a typedef. */
  readonly isTag: boolean;
}

const ASM: ReadonlySet<string> = new Set(['asm', '__asm', '__asm__']);
const ALIGNAS: ReadonlySet<string> = new Set(['_Alignas', 'alignas']);
const STATIC_ASSERT: ReadonlySet<string> = new Set(['_Static_assert', 'static_assert']);
const TYPE_OPENERS: ReadonlySet<string> = new Set(
  ['struct', 'union', 'enum', 'typeof', '__typeof', '__typeof__', '__extension__', '__attribute__'].concat([
    ...TYPE_WORDS,
  ]),
);
const INLINE: readonly string[] = ['inline', '__inline', '__inline__'];
const STORAGE: ReadonlySet<string> = new Set([...IGNORED, 'typedef', 'auto', 'thread_local', 'constexpr']);

/** Lets functions have bodies, as those of headers that a preprocessor has read; they are stepped over. */
export interface ParserOptions {
  readonly bodies: boolean;
}

/** Reads a text of declarations into a `Scope` (C17 §6.7, §6.9). */
export class DeclarationParser extends TypeParser implements ConstantScope {
  readonly #scope: Scope;
  readonly #packs: PackStack;
  readonly #options: ParserOptions;
  #storage = new Map<string, number>();
  #attributes = new Attributes();
  #isTag = false;

  constructor(tokens: Tokens, scope: Scope, packs: PackStack, options: ParserOptions) {
    super(tokens, scope);
    this.#scope = scope;
    this.#packs = packs;
    this.#options = options;
  }

  /** Reads to the end. */
  all(): void {
    while (this.tokens.peek() !== undefined) this.#external();
  }

  /** An integer constant expression. */
  constantExpression(): Constant {
    return readConstant(this.tokens, this);
  }

  constant(name: string): Constant | undefined {
    const known = this.#scope.constants.get(name);
    if (known !== undefined) return constantOf(known.value);
    // Words of C23, and names of C17 that nobody gives to anything else.
    return name === 'true' || name === 'false' ? constantOf(name === 'true' ? 1n : 0n) : undefined;
  }

  opensType(ahead = 0): boolean {
    const word = this.tokens.peek(ahead);
    if (word === undefined) return false;
    if (TYPE_OPENERS.has(word) || qualifierOf(word) !== undefined) return true;
    return isName(word) && this.#scope.typedef(word) !== undefined;
  }

  alignOf(type: CType): number {
    return alignOf(type);
  }

  protected override length(): number {
    const { position } = this.tokens;
    const { value } = this.constantExpression();
    if (value < 0n) this.tokens.fail('an array length is not negative', position);
    if (value > Number.MAX_SAFE_INTEGER) this.tokens.fail('the array is too large', position);
    return Number(value);
  }

  protected override special(word: string): boolean {
    const { tokens } = this;
    if (opensAttributes(tokens)) this.#read(this.#attributes);
    else if (ALIGNAS.has(word)) this.#alignas();
    else if (STORAGE.has(word)) {
      this.#storage.set(word, tokens.position);
      tokens.position++;
    } else return false;
    return true;
  }

  /** Within a declarator stand such as say how to call a function, and such as say nothing here. */
  protected override attributes(): void {
    const { position } = this.tokens;
    const attributes = new Attributes();
    this.#read(attributes);
    this.#refuse(attributes, position);
  }

  /** A parameter, or a type alone. */
  protected override typed(): Typed {
    const { position } = this.tokens;
    const { type, storage, attributes } = this.#specified();
    const wrong = [...storage].find(([word]) => word !== 'register' && word !== '__extension__');
    if (wrong !== undefined) this.tokens.fail(`${wrong[0]} does not belong here`, wrong[1]);
    const { wrap, name } = this.declarator();
    this.#read(attributes);
    this.#refuse(attributes, position);
    return { type: wrap(type), name };
  }

  protected override tagged(keyword: Tag): CType {
    const { tokens } = this;
    tokens.position++;
    const attributes = new Attributes();
    this.#read(attributes);
    const token = tokens.token();
    const word = tokens.peek();
    const tag = word !== undefined && isName(word) ? word : undefined;
    if (tag !== undefined) tokens.position++;
    this.#isTag = true;
    if (keyword === 'enum') return this.#enum(tag, attributes, token);
    const tagged = this.#scope.record(keyword, tag, token);
    if (tokens.peek() === '{') {
      const body = tokens.nested(() => this.#recordBody(keyword, attributes));
      this.#scope.define<typeof tagged.type, RecordBody>(tagged, body, token);
    } else if (tag === undefined) tokens.fail(`the tag of the ${keyword} is missing here`);
    return tagged.type;
  }

  #enum(tag: string | undefined, attributes: Attributes, token: Token | undefined): CType {
    const { tokens } = this;
    const tagged = this.#scope.enumeration(tag, token);
    // C23's: `enum small : unsigned char { … }`; `enum small : 3` is a bit-field without a name.
    const hasType = tokens.peek() === ':' && this.opensType(1);
    if (hasType) tokens.position++;
    const underlying = hasType ? this.#specified().type : undefined;
    const { position } = tokens;
    if (tokens.take('{')) {
      const values = this.#enumerators(tagged.type);
      this.#read(attributes);
      const body = layoutEnum(values, attributes.packed, underlying);
      if (typeof body === 'string') return tokens.fail(body, position);
      this.#scope.define<typeof tagged.type, EnumBody>(tagged, body, token);
    } else if (tag === undefined) tokens.fail('the tag of the enum is missing here');
    return tagged.type;
  }

  #enumerators(type: EnumType): Enumerator[] {
    const { tokens } = this;
    const values: Enumerator[] = [];
    while (!tokens.take('}')) {
      const token = tokens.token();
      const name = tokens.peek();
      if (name === undefined || !isName(name))
        return tokens.fail('the name of an enumerator is missing here');
      tokens.position++;
      this.#read(new Attributes());
      const value = tokens.take('=') ? this.constantExpression().value : (values.at(-1)?.value ?? -1n) + 1n;
      this.#scope.defineConstant(name, { value, type, token });
      values.push({ name, value });
      if (!tokens.take(',') && tokens.peek() !== '}') tokens.fail("'}' is missing here");
    }
    return values;
  }

  /** The members, and what `attributes` before and behind them ask for. */
  #recordBody(kind: 'struct' | 'union', attributes: Attributes): RecordBody {
    const { tokens } = this;
    const { position } = tokens;
    const declared: { field: Omit<Field, 'packed'>; packed: boolean }[] = [];
    tokens.expect('{');
    while (tokens.peek() !== '}') {
      if (tokens.peek() === undefined) tokens.fail("'}' is missing here");
      if (tokens.take(';') || this.#staticAssert()) continue;
      this.#members(kind, declared);
    }
    const limit = this.#packs.at(tokens.position);
    tokens.position++;
    this.#read(attributes);
    const { packed, typeAlignment: alignment, vectorSize, mode } = attributes;
    if ((vectorSize ?? mode) !== undefined) tokens.fail(`this attribute does not go with a ${kind}`);
    const fields = declared.map((d) => ({ ...d.field, packed: packed || d.packed }));
    const layout = layoutRecord(fields, { kind, alignment, limit, machine: this.#scope.machine });
    if (layout === undefined) return tokens.fail(`the ${kind} is too large`, position);
    const names = new Set<string>();
    for (const { name } of namedMembers(layout.members)) {
      if (names.has(name)) tokens.fail(`there are two members '${name}'`, position);
      names.add(name);
    }
    return layout;
  }

  /** `int a, *b : 3;`, or an anonymous struct or union (C17 §6.7.2.1). */
  #members(kind: 'struct' | 'union', into: { field: Omit<Field, 'packed'>; packed: boolean }[]): void {
    const { tokens } = this;
    const { type: base, attributes, storage, isTag } = this.#specified();
    for (const [word, at] of storage)
      if (word !== '__extension__') tokens.fail(`a member can not be ${word}`, at);
    if (tokens.take(';')) {
      const record = base.kind === 'qualified' ? bare(base) : base;
      const isAnonymous = (record.kind === 'struct' || record.kind === 'union') && record.tag === undefined;
      if (!isTag) tokens.fail('the name of the member is missing here', tokens.position - 1);
      if (isAnonymous)
        into.push({
          field: { name: undefined, type: base, width: undefined, alignment: attributes.alignment },
          packed: attributes.packed,
        });
      return;
    }
    do {
      const own = attributes.copy();
      const { position } = tokens;
      this.#read(own);
      const { wrap, name } = this.declarator();
      const width = tokens.take(':') ? this.constantExpression().value : undefined;
      this.#read(own);
      const type = wrap(this.#changed(base, own, position));
      this.complete();
      this.#checkMember(type, name, width, position);
      const previous = into.at(-1)?.field.type;
      if (kind === 'struct' && previous !== undefined && isFlexible(previous))
        tokens.fail('only the last member can have no length', position);
      into.push({
        field: {
          name,
          type,
          width: width === undefined ? undefined : Number(width),
          alignment: own.alignment,
        },
        packed: own.packed,
      });
    } while (tokens.take(','));
    tokens.expect(';');
  }

  #checkMember(type: CType, name: string | undefined, width: bigint | undefined, position: number): void {
    const { tokens } = this;
    const size = sizeOf(type);
    if (width === undefined) {
      if (name === undefined) tokens.fail('the name of the member is missing here', position);
      if (size === undefined && !isFlexible(type))
        tokens.fail(`a member can not be ${print(type)}, which has no size here`, position);
      return;
    }
    const most = bare(type).kind === 'bool' ? 1 : (size ?? 0) * 8;
    if (!holdsBits(type)) tokens.fail(`a bit-field is a whole number, not ${print(type)}`, position);
    if (alignOf(type) > MAX_UNIT)
      tokens.fail(`compilers do not agree where a bit-field of ${print(type)} lies`, position);
    if (width < 0n || width > most) tokens.fail(`this bit-field has from 0 to ${most} bits`, position);
    if (width === 0n && name !== undefined) tokens.fail('a bit-field with a name has a bit', position);
  }

  /** A declaration at file scope. */
  #external(): void {
    const { tokens } = this;
    if (tokens.take(';') || this.#staticAssert()) return;
    if (ASM.has(tokens.peek() ?? '')) tokens.fail('declarations only: there is no assembler here');
    const specifiers = this.#specified();
    if (tokens.peek() === ';') {
      if (!specifiers.isTag) tokens.fail('the name that is declared is missing here');
      tokens.position++;
      return;
    }
    do {
      if (this.#declaration(specifiers)) return;
    } while (tokens.take(','));
    tokens.expect(';');
  }

  /** A declarator and what follows it; true if that is a body, behind which no `;` is needed. */
  #declaration({ type: base, storage, attributes }: Specifiers): boolean {
    const { tokens } = this;
    const own = attributes.copy();
    const { position } = tokens;
    this.#read(own);
    const token = tokens.token();
    const { wrap, name } = this.declarator();
    if (name === undefined) return tokens.fail('the name that is declared is missing here', position);
    const label = this.#label();
    this.#read(own);
    const type = wrap(this.#changed(base, own, position));
    this.complete();
    if (tokens.peek() === '=') tokens.fail('declarations only: there are no initial values here');
    if (storage.has('typedef')) {
      // gcc takes the attributes in front last.
      this.#scope.defineTypedef(name, type, attributes.typeAlignment ?? own.typeAlignment, token);
      return false;
    }
    const isFunction = bare(type).kind === 'function';
    if (bare(type).kind === 'void') tokens.fail('a variable can not be void', position);
    const isStatic = storage.has('static');
    this.#scope.declare(name, { type: isFunction ? bare(type) : type, label, token, isStatic });
    if (tokens.peek() !== '{') return false;
    if (!isFunction || !this.#options.bodies || !INLINE.some((word) => storage.has(word)))
      tokens.fail('declarations only: a function has no body here, write ; instead');
    skipParentheses(tokens, '{', '}');
    return true;
  }

  /** `asm("name")`: what the linker calls it. */
  #label(): string | undefined {
    const { tokens } = this;
    if (!ASM.has(tokens.peek() ?? '')) return undefined;
    tokens.position++;
    tokens.expect('(');
    let label = '';
    while (!tokens.take(')')) {
      const part = stringText(tokens.peek() ?? '');
      if (part === undefined) return tokens.fail('a name in quotes is missing here');
      label += part;
      tokens.position++;
    }
    return label;
  }

  #staticAssert(): boolean {
    const { tokens } = this;
    if (!STATIC_ASSERT.has(tokens.peek() ?? '')) return false;
    const { position } = tokens;
    tokens.position++;
    tokens.expect('(');
    if (this.constantExpression().value === 0n) tokens.fail('this does not hold', position);
    if (tokens.take(',')) while (stringText(tokens.peek() ?? '') !== undefined) tokens.position++;
    tokens.expect(')');
    tokens.expect(';');
    return true;
  }

  #specified(): Specifiers {
    const before = [this.#storage, this.#attributes, this.#isTag] as const;
    const storage = (this.#storage = new Map<string, number>());
    const attributes = (this.#attributes = new Attributes());
    this.#isTag = false;
    const type = this.specifiers();
    const isTag = this.#isTag;
    [this.#storage, this.#attributes, this.#isTag] = before;
    return { type, storage, attributes, isTag };
  }

  /** `_Alignas(8)`, `_Alignas(double)` (C17 §6.7.5). */
  #alignas(): void {
    const { tokens } = this;
    tokens.position++;
    tokens.expect('(');
    const { position } = tokens;
    if (this.opensType()) this.#attributes.align(alignOf(this.typed().type));
    else {
      const { value } = this.constantExpression();
      // 0 asks for nothing.
      if (value !== 0n) this.#attributes.align(checkAlignment(tokens, value, position));
    }
    tokens.expect(')');
  }

  #read(into: Attributes): void {
    readAttributes(this.tokens, into, () => this.constantExpression().value);
  }

  #refuse({ changing }: Attributes, position: number): void {
    if (changing !== undefined)
      this.tokens.fail(`the attribute '${changing}' is not understood here`, position);
  }

  /** `type` as its attributes make it; what they ask of its place is for others. */
  #changed(type: CType, { vectorSize, mode }: Attributes, position: number): CType {
    const moded = mode === undefined ? type : withMode(type, mode);
    if (moded === undefined)
      return this.tokens.fail(`the mode '${mode ?? ''}' is not understood here`, position);
    if (vectorSize === undefined) return moded;
    return (
      vectorOf(moded, vectorSize) ??
      this.tokens.fail(`there is no vector of ${vectorSize} bytes of ${print(moded)}`, position)
    );
  }
}

function isFlexible(type: CType): boolean {
  const t = bare(type);
  return t.kind === 'array' && t.length === undefined && sizeOf(t.element) !== undefined;
}
