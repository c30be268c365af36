import { pause } from '#engine';
import type { ContainerOwner } from '#ports';
import type { AgentOptions } from './options.js';

const GRACE_MS = 5000;

/** Ends and removes all of a pod that two syncs did not know: its object went while the agent was away. */
export async function removeStray(
  { runtime, clock, volumes }: Pick<AgentOptions, 'runtime' | 'clock' | 'volumes'>,
  owner: ContainerOwner,
  uid: string,
): Promise<void> {
  const found = await runtime.containers(owner, uid);
  const running = found.filter((c) => c.state === 'running' && c.labels.role !== 'infra');
  for (const container of running) await runtime.signal(container.id, container.stopSignal ?? 'SIGTERM');
  if (running.length > 0) await pause(clock, GRACE_MS);
  const isInfra = (c: (typeof found)[number]): number => Number(c.labels.role === 'infra');
  for (const container of [...found].sort((a, b) => isInfra(a) - isInfra(b))) await runtime.remove(container.id);
  await volumes.removePod(uid);
}
