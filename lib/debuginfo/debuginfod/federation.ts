import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, failureOf } from './failure.js';
import { PartialFile, type StoredFile } from './partial-file.js';
import type { Progress } from './progress.js';
import { withoutPassword, type Answer } from './request.js';
import type { Settings } from './settings.js';
import { Transfer } from './transfer.js';
import { fault } from './verify.js';

/** Milliseconds before a server is asked again, doubled each time. */
const PAUSE = 100;
/** The longest that a server may put it off by `Retry-After`, in milliseconds. */
const LONGEST_PAUSE = 10_000;

/** A server that was asked, or will be. */
interface Server {
  /** As it was named, without a password. */
  readonly name: string;
  /** Of the file on it. */
  readonly url: URL | undefined;
  failures: number;
  failure: Failure | undefined;
}

/** A server that sends the file. */
interface Winner {
  readonly server: Server;
  readonly transfer: Transfer;
  readonly answer: Answer;
}

export interface FederationOptions {
  readonly progress: Progress;
  readonly trace: (line: string) => void;
}

/**
 * The servers that are asked for one file. All are asked at once; the first that answers with it sends it, and the others are let go. If what
 * it sends is no good they are asked again: without it or, if only the connection broke, with it.
 */
export class Federation {
  readonly #buildId: string;
  readonly #settings: Settings;
  readonly #options: FederationOptions;
  readonly #servers: readonly Server[];

  constructor(buildId: string, settings: Settings, options: FederationOptions) {
    this.#buildId = buildId;
    this.#settings = settings;
    this.#options = options;
    this.#servers = settings.servers.map((base) => serverOf(base, buildId));
  }

  /** Whether each server said that it does not have the file. */
  get absent(): boolean {
    return this.#servers.every((s) => s.failure?.kind === 'absent');
  }

  /** Why it did not come, a line for each server. */
  get reasons(): string[] {
    return this.#servers.map(({ name, failure, failures }) => {
      const times = failures > 1 ? ` (asked ${failures} times)` : '';
      return `debuginfod ${name}: ${failure?.message ?? ''}${times}`;
    });
  }

  /** Gets the file and puts it in its place; undefined if no server gives it. */
  async fetch(): Promise<StoredFile | undefined> {
    const { maxTime } = this.#settings;
    const deadline = new AbortController();
    const late = new Failure('final', `not complete in ${maxTime} s, DEBUGINFOD_MAXTIME`);
    const abort = (): void => {
      deadline.abort(late);
    };
    const timer = maxTime > 0 ? setTimeout(abort, maxTime * 1000) : undefined;
    try {
      for (;;) {
        const winner = await this.#race(deadline.signal);
        if (winner === undefined) return undefined;
        try {
          return await this.#store(winner);
        } catch (error) {
          this.#failed(winner.server, error);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #race(deadline: AbortSignal): Promise<Winner | undefined> {
    const race = new AbortController();
    const open = this.#servers.filter((s) => this.#isOpen(s));
    try {
      return await Promise.any(open.map((server) => this.#ask(server, race, deadline)));
    } catch {
      // None: each has its own failure.
      return undefined;
    }
  }

  /** Asks one server until it answers with the file, which ends the race, or for good without. */
  async #ask(server: Server, race: AbortController, deadline: AbortSignal): Promise<Winner> {
    for (;;) {
      const transfer = new Transfer(this.#settings, deadline);
      const lose = (): void => {
        transfer.cancel(new Failure('transient', 'another server was first'));
      };
      race.signal.addEventListener('abort', lose, { once: true });
      try {
        if (server.url === undefined) throw new Failure('final', 'not a URL of http, https or file');
        await this.#pause(server, AbortSignal.any([race.signal, deadline]));
        this.#options.trace(`GET ${withoutPassword(server.url)}`);
        const answer = await transfer.open(server.url, this.#options.trace);
        race.signal.throwIfAborted();
        race.signal.removeEventListener('abort', lose);
        race.abort();
        return { server, transfer, answer };
      } catch (error) {
        transfer.cancel(failureOf(error));
        if (race.signal.aborted) throw error;
        this.#failed(server, deadline.aborted ? deadline.reason : error);
        if (!this.#isOpen(server)) throw error;
      }
    }
  }

  async #pause({ failures, failure }: Server, signal: AbortSignal): Promise<void> {
    if (failure === undefined) return;
    const pause = Math.max(failure.retryAfter ?? 0, PAUSE * 2 ** (failures - 1));
    await sleep(Math.min(pause, LONGEST_PAUSE), undefined, { signal });
  }

  async #store({ transfer, answer }: Winner): Promise<StoredFile> {
    let file: PartialFile | undefined;
    try {
      file = await PartialFile.create(this.#settings.cache, this.#buildId);
      await transfer.copy(answer, file, this.#options.progress);
      const reason = fault(file.path, this.#buildId);
      if (reason !== undefined)
        throw new Failure('final', `not the debug file that was asked for: ${reason}`);
      return await file.commit(answer.modified);
    } catch (error) {
      await file?.discard();
      throw error;
    } finally {
      transfer.cancel(new Failure('final', 'it has ended'));
    }
  }

  #isOpen({ failure, failures }: Server): boolean {
    return failure === undefined || (failure.kind === 'transient' && failures <= this.#settings.retries);
  }

  #failed(server: Server, error: unknown): void {
    server.failure = failureOf(error);
    server.failures++;
    this.#options.trace(`${server.name}: ${server.failure.message}`);
  }
}

function serverOf(base: string, buildId: string): Server {
  const url = URL.canParse(base) ? new URL(`${base}/buildid/${buildId}/debuginfo`) : undefined;
  const known = url !== undefined && ['http:', 'https:', 'file:'].includes(url.protocol);
  return {
    name: known ? withoutPassword(new URL(base)).replace(/\/+$/, '') : base,
    url: known ? url : undefined,
    failures: 0,
    failure: undefined,
  };
}
