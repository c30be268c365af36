import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  FakeProber,
  FakeRuntime,
  MemoryPodVolumes,
  NatsAuthority,
  NatsBus,
  NodeAdmission,
  openFileKeys,
  RandomIds,
  SystemClock,
} from '#adapters';
import { createAgent } from '#agent';
import { agentPermissions, busRules } from '#engine';

export interface SimulatedNode {
  readonly name: string;
  /** The node is gone from one moment to the next: its agent and its engine with all containers. */
  die(): Promise<void>;
}

/** A node of a running cluster: the genuine agent on the genuine bus, over an engine that only says that it runs containers. */
export async function startSimulatedNode(home: string, name: string): Promise<SimulatedNode> {
  const clock = new SystemClock();
  const keys = await openFileKeys(home);
  const admission = new NodeAdmission(keys.store, await NatsAuthority.open(keys.store), clock);
  const user = await admission.issue(name, agentPermissions(name));
  const url = `nats://127.0.0.1:${readFileSync(join(home, 'nats', 'port'), 'utf8').trim()}`;
  const bus = await NatsBus.connect({ url, ca: keys.caCertificate, ...user }, { name, rules: busRules });
  const agent = createAgent({
    bus,
    runtime: new FakeRuntime({ clock, takesMs: () => 20, newsDelayMs: () => 5 }),
    prober: new FakeProber(),
    volumes: new MemoryPodVolumes(),
    clock,
    ids: new RandomIds(),
    node: {
      name,
      internalIp: '10.99.0.1',
      podsMax: 20,
      domain: 'cluster.local',
      clusterDns: [],
      hostsFile: '',
      resolvConf: '',
      ephemeralStorageBytes: 10 * 2 ** 30,
      seccompFolder: '/none',
    },
  });
  await agent.start();
  return {
    name,
    async die() {
      await bus.close();
      await agent.stop();
    },
  };
}
