import type { Clock } from '#ports';
import { exchange, type Upstream } from './exchange.js';
import { ResponseCache } from './response-cache.js';
import type { Response } from './response.js';
import type { ResolverFile } from './resolver-file.js';
import type { Query } from './wire.js';

const PORT = 53;
const TRY_MS = 1500;
/** A client of the C library asks again after this long. */
const ALL_MS = 4800;
const ROUNDS = 2;
const PENDING_MAX = 1000;
const CACHE_BYTES = 8 * 2 ** 20;
/** What a server says about itself and not about the name: another one may know it. */
const OTHERS_MAY_KNOW: ReadonlySet<number> = new Set([2, 4, 5]);

export interface ForwarderOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly servers: Pick<ResolverFile, 'current'>;
  readonly port?: number;
  readonly cacheBytes?: number;
  readonly tryMs?: number;
}
export interface Resolved {
  readonly response: Response;
  readonly ageSeconds: number;
}

/**
 * Asks the servers of the host for names outside of the cluster. Answers are kept as long as they say, the same question is asked
 * once at a time, and the server that answered last is asked first.
 */
export class Forwarder {
  private readonly cache: ResponseCache;
  private readonly pending = new Map<string, Promise<Resolved | undefined>>();
  private preferred = '';

  constructor(private readonly options: ForwarderOptions) {
    this.cache = new ResponseCache(options.clock, options.cacheBytes ?? CACHE_BYTES);
  }

  /** Resolves to undefined when no server answers, or too many questions wait already. `own`: addresses never to be asked. */
  resolve(query: Query, own: readonly string[]): Promise<Resolved | undefined> | Resolved | undefined {
    const key = keyOf(query);
    const known = this.cache.get(key);
    if (known) return known;
    const same = this.pending.get(key);
    // A loop through the host's own resolver ends here too: its question waits for itself, and both time out.
    if (same) return same;
    if (this.pending.size >= PENDING_MAX) return undefined;
    const answer = this.ask(query, own)
      .then((response) => {
        if (!response) return undefined;
        this.cache.put(key, response);
        return { response, ageSeconds: 0 };
      })
      .finally(() => this.pending.delete(key));
    this.pending.set(key, answer);
    return answer;
  }

  private async ask(query: Query, own: readonly string[]): Promise<Response | undefined> {
    const { clock, port = PORT, tryMs = TRY_MS, servers } = this.options;
    const named = await servers.current(own);
    const order = [...named].sort((a, b) => Number(b === this.preferred) - Number(a === this.preferred));
    const upstreams: readonly Upstream[] = order.map((address) => ({ address, port }));
    const until = clock.monotonic() + ALL_MS;
    let helpless: Response | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      for (const upstream of upstreams) {
        const left = until - clock.monotonic();
        if (left <= 0) return helpless;
        const response = await exchange(query, upstream, Math.min(tryMs, left));
        if (!response) continue;
        if (!OTHERS_MAY_KNOW.has(response.rcode)) {
          this.preferred = upstream.address;
          return response;
        }
        helpless = response;
      }
      if (helpless) return helpless;
    }
    return undefined;
  }
}

/** Questions with the same key have the same answer. The last bytes of a question are type and class. */
function keyOf({ name, typeCode, edns, flags }: Query): string {
  return `${name} ${typeCode} ${edns === undefined ? '-' : edns.wantsSignatures ? 's' : 'e'} ${flags & 0x10}`;
}
