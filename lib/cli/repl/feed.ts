import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';

/** Lines of a stream, each handed out when the one before is done with: Node's REPL reads on while a promise is awaited, unless it is in a terminal. */
export class Feed {
  /** What the REPL reads. */
  readonly input = new PassThrough();
  #done: () => void = () => undefined;

  /** Hands out the lines of `source`, then ends. */
  async run(source: NodeJS.ReadableStream): Promise<void> {
    for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
      const done = new Promise<void>((resolve) => (this.#done = resolve));
      this.input.write(`${line}\n`);
      await done;
    }
    this.input.end();
  }

  /** The REPL is ready for the next line. */
  next(): void {
    this.#done();
  }
}
