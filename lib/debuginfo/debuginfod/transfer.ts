import { messageOf } from '../../errors.js';
import { Failure } from './failure.js';
import type { PartialFile } from './partial-file.js';
import type { Progress } from './progress.js';
import { request, type Answer } from './request.js';
import type { Settings } from './settings.js';

/** Bytes that must arrive in each `DEBUGINFOD_TIMEOUT`, unless fewer are all there is (debuginfod-find(1)). */
const MINIMUM = 100 * 1024;

/** One attempt to get the file from one server. Its methods throw a `Failure`, or what the connection threw. */
export class Transfer {
  readonly #settings: Settings;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  #watch: NodeJS.Timeout | undefined;
  #received = 0;

  /** `deadline` is aborted with a `Failure`. */
  constructor(settings: Settings, deadline: AbortSignal) {
    this.#settings = settings;
    this.#signal = AbortSignal.any([this.#controller.signal, deadline]);
  }

  /** Asks for the file. The server has begun to send it when the promise is kept. */
  open(url: URL, trace: (line: string) => void): Promise<Answer> {
    const { timeout, headers, proxies } = this.#settings;
    if (timeout > 0) this.#watchEvery(timeout);
    return this.#guarded(async () => {
      const answer = await request(url, { headers, proxies, trace, signal: this.#signal });
      this.#checkSize(answer.size ?? 0);
      return answer;
    });
  }

  /** Writes what the server sends to `file`, all of it. */
  copy(answer: Answer, file: PartialFile, progress: Progress): Promise<void> {
    return this.#guarded(async () => {
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        this.#received += chunk.length;
        this.#checkSize(this.#received);
        await store(file, chunk);
        progress(this.#received, answer.size);
      }
      if (answer.size !== undefined && answer.size !== this.#received) {
        throw new Failure('transient', `cut off after ${this.#received} of ${answer.size} bytes`);
      }
    });
  }

  /** Ends the connection; what waits for it fails with `reason`. */
  cancel(reason: Failure): void {
    clearInterval(this.#watch);
    this.#controller.abort(reason);
  }

  async #guarded<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : error;
    }
  }

  #checkSize(size: number): void {
    const { maxSize } = this.#settings;
    if (maxSize > 0 && size > maxSize) {
      throw new Failure('final', `${size} bytes or more; DEBUGINFOD_MAXSIZE is ${maxSize}`);
    }
  }

  #watchEvery(timeout: number): void {
    let before = 0;
    this.#watch = setInterval(() => {
      const arrived = this.#received - before;
      before = this.#received;
      if (arrived < MINIMUM) this.cancel(new Failure('transient', `${arrived} bytes in ${timeout} s`));
    }, timeout * 1000);
  }
}

async function store(file: PartialFile, bytes: Uint8Array): Promise<void> {
  try {
    await file.write(bytes);
  } catch (error) {
    throw new Failure('final', `it can't be stored: ${messageOf(error)}`);
  }
}
