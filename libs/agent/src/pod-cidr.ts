import { pause } from '#engine';
import type { KubeObject } from '#model';
import type { Clock } from '#ports';

const WAIT_MS = 5000;
const STEP_MS = 50;

/** The range that the control plane gave this node, which comes soon after the node was registered; undefined: it gave none. */
export async function givenPodCidr(
  clock: Clock,
  shown: { readonly node: () => KubeObject | undefined; readonly isSynced: () => boolean },
): Promise<string | undefined> {
  for (let waited = 0; waited < WAIT_MS; waited += STEP_MS) {
    const own = shown.node();
    const given = (own?.spec as { podCIDR?: string } | undefined)?.podCIDR;
    if (given !== undefined) return given;
    if (!own && !shown.isSynced()) return undefined;
    await pause(clock, STEP_MS);
  }
  return undefined;
}
