import type { Tokens } from '../tokens.js';

/** What attributes say that matters here. */
export class Attributes {
  packed = false;
  /** In bytes: the largest that is asked for, which is what a variable or member gets. */
  alignment: number | undefined;
  /** The one that is asked for last, which is what a type gets (gcc c-attribs.cc, `common_handle_aligned_attribute`). */
  typeAlignment: number | undefined;
  /** `vector_size`, in bytes. */
  vectorSize: number | undefined;
  /** `mode`, without underscores: `QI`, `word`. */
  mode: string | undefined;

  /** Asks for an alignment in bytes, besides those asked for already. */
  align(bytes: number): void {
    this.alignment = Math.max(this.alignment ?? 1, bytes);
    this.typeAlignment = bytes;
  }

  /** A copy, for one declarator of several. */
  copy(): Attributes {
    return Object.assign(new Attributes(), this);
  }

  /** The attribute that changes a type or its layout, if there is one. */
  get changing(): string | undefined {
    if (this.packed) return 'packed';
    if (this.alignment !== undefined) return 'aligned';
    if (this.vectorSize !== undefined) return 'vector_size';
    return this.mode === undefined ? undefined : 'mode';
  }
}

/**
 * The attributes that change neither the layout of a type nor how a function is called (GCC manual "Declaring Attributes of Functions", "Specifying
 * Attributes of Variables", "of Types"; clang's "Attributes in Clang"; C23 §6.7.13): for the optimiser, the linker and warnings.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  [
    'access alias alloc_align alloc_size always_inline artificial assume_aligned cleanup cold common const constructor copy',
    'counted_by deprecated designated_init destructor diagnose_if error externally_visible fallthrough fd_arg fd_arg_read',
    'fd_arg_write flag_enum flatten format format_arg gcc_struct gnu_inline hot ifunc leaf malloc may_alias maybe_unused',
    'no_icf no_instrument_function no_profile_instrument_function no_reorder no_sanitize no_sanitize_address',
    'no_sanitize_thread no_sanitize_undefined no_split_stack no_stack_limit no_stack_protector noclone nocommon nodiscard',
    'noescape noinit noinline noipa nonnull nonstring noplt noreturn nothrow null_terminated_string_arg objc_root_class',
    'optimize optnone overloadable patchable_function_entry persistent pure reproducible retain returns_nonnull returns_twice section',
    'sentinel simd stack_protect symver target target_clones tls_model unavailable unsequenced unused used visibility',
    'warn_if_not_aligned warn_unused_result warning weak weakref zero_call_used_regs enum_extensibility availability',
    'swift_name swift_private ns_returns_retained external_source_symbol _Noreturn',
  ]
    .join(' ')
    .split(' '),
);

/** Those that do, and are not understood here. */
const HARMFUL: ReadonlySet<string> = new Set(
  [
    'ms_abi sysv_abi regparm sseregparm stdcall fastcall thiscall cdecl pascal vectorcall regcall swiftcall swiftasynccall',
    'preserve_all preserve_most preserve_none aarch64_vector_pcs aarch64_sve_pcs pcs interrupt naked force_align_arg_pointer',
    'no_caller_saved_registers no_callee_saved_registers nocf_check transparent_union scalar_storage_order ms_struct',
    'ext_vector_type neon_vector_type neon_polyvector_type arm_sve_vector_bits bitwise address_space noderef btf_type_tag',
    'pass_object_size pass_dynamic_object_size trivial_abi',
  ]
    .join(' ')
    .split(' '),
);

/** What `aligned` alone asks for: the most that any type of the machine needs (`__BIGGEST_ALIGNMENT__`, without AVX). */
const BIGGEST_ALIGNMENT = 16;
/** What gcc takes at most. */
const MAX_ALIGNMENT = 2 ** 28;

/** Whether attributes begin at the next token: GNU C's, or C23's. */
export function opensAttributes(tokens: Tokens): boolean {
  const word = tokens.peek();
  return word === '__attribute__' || word === '__attribute' || (word === '[' && tokens.peek(1) === '[');
}

/**
 * Reads `__attribute__((…))` and `[[…]]` as far as there are any into `into`. `constant` reads an argument. One that is not known here is refused: it may be a
 * misspelled one that changes a layout.
 */
export function readAttributes(tokens: Tokens, into: Attributes, constant: () => bigint): void {
  while (opensAttributes(tokens)) {
    const isGnu = tokens.peek() !== '[';
    tokens.position += isGnu ? 1 : 2;
    if (isGnu) {
      tokens.expect('(');
      tokens.expect('(');
    }
    const close = isGnu ? ')' : ']';
    while (!tokens.take(close)) if (!tokens.take(',')) readAttribute(tokens, into, constant);
    tokens.expect(close);
  }
}

function readAttribute(tokens: Tokens, into: Attributes, constant: () => bigint): void {
  const { position } = tokens;
  const word = tokens.peek();
  if (word === undefined || !/^[\p{XID_Start}_]/u.test(word)) tokens.fail('an attribute is missing here');
  tokens.position++;
  const bare = word.replace(/^(?:gnu|clang|__gnu__|_Clang)::/, '');
  const name = HARMLESS.has(bare) ? bare : bare.replace(/^__(.+)__$/, '$1');
  const hasArguments = tokens.peek() === '(';
  if (name === 'packed') into.packed = true;
  else if (name === 'aligned') into.align(hasArguments ? argument(alignmentOf) : BIGGEST_ALIGNMENT);
  else if (name === 'vector_size') into.vectorSize = argument(Number);
  else if (name === 'mode') {
    tokens.expect('(');
    into.mode = tokens.peek()?.replace(/^__(.+)__$/, '$1');
    tokens.position++;
    tokens.expect(')');
  } else if (HARMFUL.has(name))
    tokens.fail(
      `the attribute '${name}' changes layouts or calls in a way that is not understood here`,
      position,
    );
  else if (!HARMLESS.has(name))
    tokens.fail(
      `the attribute '${name}' is not known here: leave it out if it changes neither layouts nor calls`,
      position,
    );
  else if (hasArguments) skipParentheses(tokens);

  function argument(read: (value: bigint, at: number) => number): number {
    tokens.expect('(');
    const at = tokens.position;
    const value = read(constant(), at);
    tokens.expect(')');
    return value;
  }

  function alignmentOf(value: bigint, at: number): number {
    return checkAlignment(tokens, value, at);
  }
}

/** `value` if it is an alignment: a power of two. */
export function checkAlignment(tokens: Tokens, value: bigint, position: number): number {
  if (value <= 0n || value > MAX_ALIGNMENT || (value & (value - 1n)) !== 0n)
    tokens.fail('an alignment is a power of two', position);
  return Number(value);
}

/** Steps over `(…)`, whatever is in it. */
export function skipParentheses(tokens: Tokens, open = '(', close = ')'): void {
  let depth = 0;
  do {
    const word = tokens.peek();
    if (word === undefined) tokens.fail(`'${close}' is missing here`);
    if (word === open) depth++;
    if (word === close) depth--;
    tokens.position++;
  } while (depth > 0);
}
