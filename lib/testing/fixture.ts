import type { OpenOptions } from '../plugin/options.js';
import type { Plugin } from '../plugin/plugin.js';
import { open } from '../plugin/open.js';
import { compile, type CompileOptions } from './tools.js';

/** Compiles a file of `fixtures/`, or C text, and opens it. */
export function openFixture(source: string, options?: CompileOptions, how?: OpenOptions): Plugin {
  return open(compile(source, options), how);
}

/** What was thrown, as the part of it that callers see. */
export interface Thrown {
  readonly name: string;
  readonly code: unknown;
  readonly message: string;
}

/** What `action` throws; fails the test if it throws nothing. */
export function thrownBy(action: () => unknown): Thrown {
  try {
    action();
  } catch (error) {
    const { name, code, message } = error as { name: string; code?: unknown; message: string };
    return { name, code, message };
  }
  throw new Error('nothing was thrown');
}
