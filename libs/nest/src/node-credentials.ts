import { dirname } from 'node:path';
import {
  expiryOf,
  newUserKey,
  NODE_CREDENTIAL_MS,
  privateFolderWithParents,
  RENEW_AT_SHARE,
  writePrivateFile,
  type NatsCredentials,
} from '#adapters';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import type { Bus, Clock } from '#ports';
import { readCredentials } from './given-credentials.js';

export interface NodeCredentialsOptions {
  readonly node: string;
  /** What the node was admitted with. It may be replaced at any time, and may be read-only here. */
  readonly given: string;
  /** Where the agent keeps what it was renewed with. */
  readonly renewed: string;
  readonly clock: Clock;
  readonly onProblem: (problem: string) => void;
}

const RETRY_MS = 60_000;
const ANSWER_MS = 10_000;
/** Time is left for a clock that is set, and a renewal is due at the latest then. */
const WAIT_MAX_MS = 60 * 60_000;

/** The bus credential of a node's agent: the newest of the one it was given and the one it renewed, looked at for each connection. */
export class NodeCredentials implements NatsCredentials {
  private newest: NatsCredentials;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: NodeCredentialsOptions) {
    this.newest = this.read();
  }

  get url(): string {
    return this.newest.url;
  }
  /** Read again: this is asked first at each connection, and what it was admitted with may have been replaced. */
  get ca(): string {
    this.newest = this.read();
    return this.newest.ca;
  }
  get inbox(): string {
    return this.newest.inbox;
  }
  /** As with the CA. */
  get jwt(): string {
    this.newest = this.read();
    return this.newest.jwt;
  }
  get seed(): string {
    return this.newest.seed;
  }

  /** Keeps the credential fresh over the connection that it opened. */
  keepFresh(bus: Bus): void {
    const { clock } = this.options;
    const ends = expiryOf(this.newest.jwt);
    // One without an end is of an older build, or was made by hand: it is replaced at once.
    const wait = ends === undefined ? 0 : ends - NODE_CREDENTIAL_MS * (1 - RENEW_AT_SHARE) - clock.now();
    const again = (ms: number): void => {
      this.cancel = clock.after(ms, () => this.keepFresh(bus));
    };
    if (wait > 0) return again(Math.min(wait, WAIT_MAX_MS));
    this.renew(bus).then(
      () => again(RETRY_MS),
      (cause: unknown) => {
        this.options.onProblem(`the bus credential was not renewed: ${String(cause)}`);
        again(RETRY_MS);
      },
    );
  }
  stop(): void {
    this.cancel();
  }

  private async renew(bus: Bus): Promise<void> {
    const { node, renewed } = this.options;
    // A key of its own for each: the private part never leaves the node.
    const { publicKey, seed } = newUserKey();
    const answer = await bus.request(subjects.report(node, 'credential'), encodeMessage({ publicKey }), ANSWER_MS);
    const { jwt, ca = this.newest.ca } = decodeMessage(answer) as unknown as { jwt: string; ca?: string };
    if (expiryOf(jwt) === undefined) throw new Error('the answer holds no credential');
    const { url, inbox } = this.newest;
    privateFolderWithParents(dirname(renewed));
    writePrivateFile(renewed, JSON.stringify({ url, ca, inbox, jwt, seed }));
    this.newest = this.read();
  }

  private read(): NatsCredentials {
    const given = attempt(() => readCredentials(this.options.given));
    const renewed = attempt(() => readCredentials(this.options.renewed));
    if (given instanceof Error) {
      if (!(renewed instanceof Error)) return renewed;
      throw given;
    }
    const ends = (credentials: NatsCredentials): number => expiryOf(credentials.jwt) ?? 0;
    // Where the bus is, what was given says.
    return renewed instanceof Error || ends(given) >= ends(renewed) ? given : { ...renewed, url: given.url };
  }
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}
