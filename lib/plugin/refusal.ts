import { PluginError, type PluginErrorCode, type PluginErrorDetails } from '../errors.js';

/** What Go appends to an error that it has given before. */
const PREVIOUS = ' (previous failure)';

export interface RefusalDetails extends PluginErrorDetails {
  readonly code?: PluginErrorCode;
  /** Whether it is the repetition of an earlier failure. */
  readonly previous?: boolean;
  /** What else there is to know, each on a line of its own. */
  readonly lines?: readonly string[];
}

/** Why a library is not opened, without the name that the caller used for it: `open` puts that in front. */
export class Refusal extends Error {
  readonly details: RefusalDetails;

  constructor(reason: string, details: RefusalDetails = {}) {
    super(reason);
    this.details = details;
  }

  /** The error as Go words it. `name` is what the caller called the library, `path` where it is, if that is known. */
  toPluginError(name: string, path: string | undefined): PluginError {
    const { code = 'ERR_PLUGIN_OPEN', previous = false, lines = [], ...details } = this.details;
    // Go shows the name without ".so" in whatever it finds out after dlopen has succeeded, but not when it remembers that.
    const afterwards = code !== 'ERR_PLUGIN_OPEN' && !previous;
    const shown = afterwards && name.length > 3 ? name.replace(/\.so$/, '') : name;
    const text = `plugin.Open("${shown}"): ${this.message}${previous ? PREVIOUS : ''}`;
    return new PluginError(code, [text, ...lines].join('\n  '), { path: path ?? name, ...details });
  }
}

/** A refusal in the linker's words: `PATH: REASON`, where `reason` may go on with an explanation on further lines. */
export function refusedFile(path: string, reason: string): Refusal {
  const [first = '', ...lines] = `${path}: ${reason}`.split('\n');
  return new Refusal(first, { dlerror: first, lines });
}
