import type { Pod } from '#pod';
import type { kubelet } from '#loops';
import type { TokenAnswer, TokenForPod } from '#model';
import { parseInstant } from '#std';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import type { AgentOptions } from './options.js';

interface Held {
  readonly token: string;
  /** On the monotonic clock. */
  readonly renewAt: number;
}
const DAY_MS = 86_400_000;

/** Service-account tokens of the node's pods. They live in memory and are renewed when four fifths of their time is over. */
export class Tokens {
  private readonly held = new Map<string, Held>();

  constructor(private readonly options: AgentOptions) {}

  /** Tokens for all that the pod's volumes need; asks for what is missing or old. `renewAt` is on the monotonic clock. */
  async of(
    pod: Pod,
    needs: readonly kubelet.TokenNeed[],
  ): Promise<{ readonly tokens: ReadonlyMap<string, string>; readonly renewAt: number | undefined }> {
    const tokens = new Map<string, string>();
    let renewAt: number | undefined;
    for (const need of needs) {
      const held = await this.get(pod, need);
      tokens.set(need.key, held.token);
      renewAt = Math.min(renewAt ?? Infinity, held.renewAt);
    }
    return { tokens, renewAt };
  }
  forget(podUid: string): void {
    for (const key of this.held.keys()) if (key.startsWith(`${podUid}\n`)) this.held.delete(key);
  }

  private async get(pod: Pod, need: kubelet.TokenNeed): Promise<Held> {
    const { bus, clock, node } = this.options;
    const key = `${pod.metadata.uid}\n${need.key}`;
    const known = this.held.get(key);
    const now = clock.monotonic();
    if (known && known.renewAt > now) return known;
    const question: TokenForPod = {
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      podUid: pod.metadata.uid,
      audience: need.audience,
      expirationSeconds: need.expirationSeconds,
    };
    try {
      const answer = decodeMessage(
        await bus.request(subjects.report(node.name, 'token'), encodeMessage(question), 10_000),
      ) as unknown as TokenAnswer;
      const expires = parseInstant(answer.expires);
      const lifeMs = expires === undefined ? need.expirationSeconds * 1000 : expires - clock.now();
      const held = { token: answer.token, renewAt: now + Math.min(DAY_MS, lifeMs * 0.8) };
      this.held.set(key, held);
      return held;
    } catch (error) {
      // An old token is better than none while the node is cut off; it is asked for again soon.
      if (known) return { ...known, renewAt: now + 10_000 };
      throw error;
    }
  }
}
