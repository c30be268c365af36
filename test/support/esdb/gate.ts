import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';

/** What becomes of a call: it is served, it waits for so long and is judged again, or it ends with an error. */
export type Verdict = 'serve' | { readonly waitMs: number } | ServiceError;

/** What a node of a cluster is at the moment. */
export type NodeState = 'leader' | 'follower';

export interface SlowStart {
  /** How long calls get no answer at all; they are judged at its end. */
  readonly silentMs?: number;
  /** How long after that some calls are refused with `Server Is Not Ready`, while others are served. */
  readonly unreadyMs?: number;
}
/** Of so many calls to a server that is not ready yet one is refused. */
const REFUSED_ONE_IN = 3;
/** What a leader says that was frozen and has woken up: each for so long, then it is a follower. */
const WAKING = [
  { forMs: 250, code: status.ABORTED, message: 'Operation timed out: Request canceled by server' },
  { forMs: 250, code: status.UNAVAILABLE, message: 'Server Is Not Ready' },
  { forMs: 250, code: status.UNAVAILABLE, message: 'Server Is Shutting Down' },
] as const;

/** Decides about each call of one server, as the genuine one does in the first seconds of its life and after a freeze. */
export class Gate {
  #state: NodeState = 'leader';
  #silentUntil = 0;
  #unreadyUntil = 0;
  #wokenAt: number | undefined;
  #calls = 0;
  /** Where a client that wants the leader is sent. */
  leader: { readonly host: string; readonly port: number } | undefined;

  startSlowly({ silentMs = 0, unreadyMs = 0 }: SlowStart): void {
    this.#silentUntil = performance.now() + silentMs;
    this.#unreadyUntil = this.#silentUntil + unreadyMs;
  }

  become(state: NodeState): void {
    this.#state = state;
  }
  get state(): NodeState {
    return this.#state;
  }

  /** It was frozen, and others have elected a leader meanwhile. */
  wakeDeposed(): void {
    this.#state = 'follower';
    this.#wokenAt = performance.now();
  }

  verdict(metadata: Metadata): Verdict {
    const now = performance.now();
    if (now < this.#silentUntil) return { waitMs: this.#silentUntil - now };
    if (now < this.#unreadyUntil && ++this.#calls % REFUSED_ONE_IN === 0)
      return errorOf(status.UNAVAILABLE, 'Server Is Not Ready');
    const waking = this.#waking(now);
    if (waking !== undefined) return errorOf(waking.code, waking.message);
    if (this.#state === 'follower' && metadata.get('requires-leader')[0] === 'true') return this.#notLeader();
    return 'serve';
  }

  #waking(now: number): (typeof WAKING)[number] | undefined {
    if (this.#wokenAt === undefined) return undefined;
    let since = now - this.#wokenAt;
    for (const phase of WAKING) {
      if (since < phase.forMs) return phase;
      since -= phase.forMs;
    }
    this.#wokenAt = undefined;
    return undefined;
  }

  #notLeader(): ServiceError {
    const error = errorOf(status.NOT_FOUND, 'Leader info available');
    error.metadata.set('exception', 'not-leader');
    error.metadata.set('leader-endpoint-host', this.leader?.host ?? '');
    error.metadata.set('leader-endpoint-port', String(this.leader?.port ?? 0));
    return error;
  }
}

function errorOf(code: status, message: string): ServiceError {
  return Object.assign(new Error(message), { code, details: message, metadata: new Metadata() });
}
