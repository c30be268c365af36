import type { Backend, Frontend } from '#model';

/** Whether a client is a pod or program of the node itself. */
export type Origin = 'inside' | 'outside';

interface Remembered {
  readonly backend: string;
  until: number;
}
const CLIENTS_MAX = 65_536;

/** Chooses a backend for each new connection of one frontend, which changes while it is used. */
export class Choice {
  private readonly clients = new Map<string, Remembered>();

  /** `now` in milliseconds, of a clock that nobody sets. */
  constructor(
    public frontend: Frontend,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Undefined when there is no backend. */
  pick(client: string, from: Origin): Backend | undefined {
    const { affinitySeconds } = this.frontend;
    const backends = this.backendsFor(from);
    if (affinitySeconds === undefined) return anyOf(backends);
    const now = this.now();
    const known = this.clients.get(client);
    const kept = known && known.until > now ? backends.find((one) => nameOf(one) === known.backend) : undefined;
    const chosen = kept ?? anyOf(backends);
    // The order of the map is that of last use, so that the oldest is forgotten when there are too many.
    this.clients.delete(client);
    if (chosen) this.clients.set(client, { backend: nameOf(chosen), until: now + affinitySeconds * 1000 });
    const [oldest] = this.clients.keys();
    if (this.clients.size > CLIENTS_MAX && oldest !== undefined) this.clients.delete(oldest);
    return chosen;
  }
  has(backend: Backend, from: Origin): boolean {
    return this.backendsFor(from).some((one) => nameOf(one) === nameOf(backend));
  }
  private backendsFor(from: Origin): readonly Backend[] {
    const { backends, inside = backends } = this.frontend;
    return from === 'inside' ? inside : backends;
  }
}

function nameOf({ address, port }: Backend): string {
  return `${address}:${port}`;
}
function anyOf(backends: readonly Backend[]): Backend | undefined {
  return backends[Math.floor(Math.random() * backends.length)];
}
