import { LogFailed, type RecordedEvent } from '#ports';
import type { PageAnswer } from '../log-worker/protocol.js';
import type { WorkerLink } from '../log-worker/worker-link.js';
import { faultsOf, linkTo } from './link.js';

/** A thread costs some 18 MB; most of the time nothing is read. */
const IDLE_MS = 10_000;

/** What reads pages of the log, in whatever thread. */
export interface PageReader {
  page(after: number, until: number): Promise<PageAnswer>;
  pages(after: number, until: number): AsyncIterable<readonly RecordedEvent[]>;
  streamPage(stream: string, from: number): Promise<PageAnswer>;
  close(): Promise<void>;
}

export interface OnDemandReaderOptions {
  readonly faults?: string | undefined;
  /** The disk failed while something was read. */
  readonly onFailed: (cause: LogFailed) => void;
}

/** A reading connection in a thread of its own, which is there only while there is something to read. */
export class OnDemandReader implements PageReader {
  readonly #path: string;
  readonly #options: OnDemandReaderOptions;
  #link: WorkerLink | undefined;
  #closing: Promise<void> = Promise.resolve();
  #uses = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(path: string, options: OnDemandReaderOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Starts the thread before there is a file to open. */
  prepare(): void {
    this.#link ??= this.#start();
  }
  /** Opens the connection before it is asked for anything; whether that works, the first question tells. */
  warm(): void {
    this.#use((link) => link.opened).catch(() => undefined);
  }

  page(after: number, until: number): Promise<PageAnswer> {
    return this.#use((link) => link.page(after, until));
  }
  async *pages(after: number, until: number): AsyncIterable<readonly RecordedEvent[]> {
    const link = await this.#enter();
    try {
      yield* link.pages(after, until);
    } finally {
      this.#leave();
    }
  }
  streamPage(stream: string, from: number): Promise<PageAnswer> {
    return this.#use((link) => link.streamPage(stream, from));
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const link = this.#link;
    this.#link = undefined;
    if (link !== undefined) this.#closing = link.close();
    await this.#closing;
  }

  async #use<T>(work: (link: WorkerLink) => Promise<T>): Promise<T> {
    const link = await this.#enter();
    try {
      return await work(link);
    } finally {
      this.#leave();
    }
  }
  /** Each needs a {@link #leave}. */
  async #enter(): Promise<WorkerLink> {
    clearTimeout(this.#idle);
    this.#uses++;
    try {
      const link = (this.#link ??= this.#start());
      link.open();
      await link.opened;
      return link;
    } catch (cause) {
      this.#leave();
      throw cause;
    }
  }
  #leave(): void {
    if (--this.#uses === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  #start(): WorkerLink {
    const link = linkTo(
      { path: this.#path, mode: 'read', check: false, opens: false, ...faultsOf(this.#options) },
      {
        onGone: (cause) => {
          if (this.#link === link) this.#link = undefined;
          if (cause instanceof LogFailed) this.#options.onFailed(cause);
        },
      },
    );
    return link;
  }
}
