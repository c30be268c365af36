import { sessionChannels, type SessionResult } from '#model';
import { Duplex } from 'node:stream';
import type { NodeStream } from './backend.js';

/** A connection to a port of a pod by way of its node's agent, as programs of HTTP take it. */
export class PodConnection extends Duplex {
  private readonly chunks: AsyncIterator<{ readonly channel: number; readonly data: Uint8Array }>;
  private isReading = false;

  constructor(private readonly stream: NodeStream) {
    super();
    // Whoever uses it may have left when it breaks.
    this.on('error', () => undefined);
    this.chunks = stream[Symbol.asyncIterator]();
  }

  override _read(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.readOn().then(
      () => (this.isReading = false),
      (cause: unknown) => this.destroy(cause instanceof Error ? cause : new Error(String(cause))),
    );
  }
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.stream.write(chunk, sessionChannels.input).then(() => done(), done);
  }
  override _final(done: (error?: Error | null) => void): void {
    // The pod may have ended the connection already: then there is nobody to be told.
    const end = (): void => done();
    this.stream.write(Buffer.from([0]), sessionChannels.inputEnd).then(end, end);
  }
  override _destroy(cause: Error | null, done: (error?: Error | null) => void): void {
    this.stream.cancel('the connection was closed');
    done(cause);
  }

  /** Reads until there is enough for now, or the end: the node says then what went wrong, if something did. */
  private async readOn(): Promise<void> {
    for (let wantsMore = true; wantsMore;) {
      const next = await this.chunks.next();
      if (next.done === true) {
        this.push(null);
        await this.stream.end();
        return;
      }
      const { channel, data } = next.value;
      if (channel !== sessionChannels.result) wantsMore = this.push(data);
      else {
        const { problem } = JSON.parse(Buffer.from(data).toString('utf8')) as SessionResult;
        if (problem !== undefined) throw new Error(problem);
      }
    }
  }
}
